"""Airflow in 300 databases of one server: deployed, and a change of access after the other."""

import json
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from proof import make
from proof.account import Account, started_account
from proof.declared import AIRFLOW, read
from proof.environment import Environment
from tests.declared import written
from tests.stacks.test_hundreds import COUNT, QUOTA, declared, levels
from tests.touched import acted_on

FIRST, LAST = "sales_000", f"sales_{COUNT - 1:03}"
STACK = "dev-access"
SIZE = 6144


@dataclass
class Place:
    """An account whose quota was raised, and what is deployed there."""

    account: Account
    folder: Path
    levels: Mapping[str, str] = field(default_factory=dict[str, str])

    def deploy(self, *targets: str, airflow: Mapping[str, str]) -> float:
        """Deploy 300 databases of the shop's, in which Airflow has these levels; in seconds."""
        content = declared(levels(COUNT))
        databases = content["instances"]["warehouse"]["databases"]
        for name in databases:
            databases[name] = {"own": ["shop"]}
        for name, level in airflow.items():
            databases[name].setdefault(level, []).append(AIRFLOW)
        file = written(content, self.folder / "dev.yaml")
        log, begun = self.folder / "make.log", time.monotonic()
        make.run(self.account, *targets, environment=file, output=self.folder / "out", log=log)
        self.levels = airflow
        return time.monotonic() - begun

    def environment(self) -> Environment:
        return Environment(account=self.account, declared=read(self.folder / "dev.yaml"))

    def policies(self) -> list[dict[str, Any]]:
        """The documents of the managed policies that Airflow's role has."""
        iam = self.account.client("iam")
        role = self.environment().airflow_environment["ExecutionRoleArn"].rpartition("/")[2]
        found = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        documents: list[dict[str, Any]] = []
        for one in found:
            version = iam.get_policy(PolicyArn=one["PolicyArn"])["Policy"]["DefaultVersionId"]
            policy = iam.get_policy_version(PolicyArn=one["PolicyArn"], VersionId=version)
            documents.append(policy["PolicyVersion"]["Document"])
        return documents

    def users(self) -> list[str]:
        """Whom those policies let Airflow log in as."""
        return sorted(
            statement["Resource"].rpartition("/")[2]
            for document in self.policies()
            for statement in document["Statement"]
            if statement["Action"] == "rds-db:connect"
        )

    def logs_in(self, database: str, level: str) -> bool:
        airflow = self.environment().identity(AIRFLOW)
        try:
            with airflow.log_in(f"{AIRFLOW}_{database}_{level}", database) as session:
                return session.execute("SELECT current_database()").fetchall() == [(database,)]
        except psycopg.OperationalError:
            return False


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    folder = tmp_path_factory.mktemp("hundreds")
    with started_account(
        folder / "state", account="111122223333", region="eu-central-1", log=folder / "aws.log"
    ) as account:
        account.make_role("arn:aws:iam::111122223333:role/shop")
        account.policies_per_role(QUOTA)
        place = Place(account, folder)
        granted = levels(COUNT)
        del granted[LAST]
        seconds = place.deploy("bootstrap", "deploy", airflow=granted)
        print(f"deployed in {seconds:.0f} s")
        yield place


def test_each_policy_is_within_its_size_and_the_role_within_its_quota(place: Place) -> None:
    sizes = [len(json.dumps(one, separators=(",", ":"))) for one in place.policies()]
    assert len(sizes) <= QUOTA
    assert max(sizes) <= SIZE
    assert place.users() == sorted(f"{AIRFLOW}_{name}_{at}" for name, at in place.levels.items())


def test_airflow_logs_in_where_it_is_granted_and_nowhere_else(place: Place) -> None:
    for name in [*place.levels][::60]:
        assert place.logs_in(name, place.levels[name])
    assert not place.logs_in(LAST, "write")


@pytest.mark.parametrize(
    ("changes", "touches"),
    [({LAST: "read"}, 3), ({FIRST: "write"}, 4), ({FIRST: None}, 3)],
    ids=["one more", "one at another level", "one less"],
)
def test_a_change_of_access_touches_three_resources_and_a_user_that_retires_a_fourth(
    place: Place, changes: dict[str, str | None], touches: int
) -> None:
    before = dict(place.levels)
    after = {name: at for name, at in {**before, **changes}.items() if at}
    seconds = place.deploy("access", airflow=after)
    found = acted_on(place.account, STACK)
    print(f"{changes} in {seconds:.0f} s: {found}")
    assert len(found) <= touches, found
    assert place.users() == sorted(f"{AIRFLOW}_{name}_{at}" for name, at in after.items())
    for name, level in changes.items():
        assert not level or place.logs_in(name, level)
        assert name not in before or not place.logs_in(name, before[name])
