"""What a team has already, by the make targets: looked at, taken over, used, given back."""

import json
import re
import shutil
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from airflow_rds_iam.airflow.airflow import secrets_backend
from proof import make, owner
from proof.account import Account, started_account
from proof.airflow import LOCAL_OPTIONS, PATHS, Airflow, configuration, initialized
from proof.declared import read
from proof.environment import Environment, stranger
from proof.logins import Endpoint, connect
from proof.programs import ProgramError
from proof.steps import access_matrix
from tests.catalog_snapshot import Rows, catalog_rows
from tests.password_master import printed_way_back

BEFORE = Path(__file__).with_name("was_there.yaml")
ACCOUNT, REGION = "111122223333", "eu-central-1"
SHOP = f"arn:aws:iam::{ACCOUNT}:role/shop"
ORDERS = {"own": ["shop"], "read": ["airflow"], "adopt": True, "old_owners": ["legacy"]}
PREFIX = "team/connections"
SERVER = (
    "CREATE ROLE legacy LOGIN PASSWORD 'a-password'",
    "CREATE ROLE reporting LOGIN PASSWORD 'a-password'",
    "CREATE DATABASE orders",
    "CREATE DATABASE untold",
    "GRANT legacy TO postgres WITH INHERIT TRUE, SET TRUE",
    "ALTER DATABASE orders OWNER TO legacy",
    # It is the owner's no more once it is taken over, and who looks on must see it then, too.
    "GRANT CONNECT ON DATABASE orders TO postgres",
    "ALTER ROLE legacy SET statement_timeout = '5min'",
)
ITEMS = (
    "SET ROLE legacy",
    "CREATE TABLE item (id int PRIMARY KEY, name text)",
    "INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 100) n",
    "GRANT USAGE ON SCHEMA public TO postgres",
    "GRANT SELECT ON item TO postgres",
)
OPEN = re.compile(r" can connect in (postgres|template1|untold),")
OF_THE_SERVER = {
    "pg_auth_members",
    "pg_database",
    "pg_db_role_setting",
    "pg_roles",
    "pg_shdepend",
    "pg_shdescription",
}
"""The catalogs that are one for all databases, to which a run adds rows."""
UNTOLD = (
    "CREATE TABLE secret (id int)",
    "INSERT INTO secret VALUES (42)",
    "GRANT SELECT ON secret TO reporting",
    "CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42'",
)


@dataclass(frozen=True)
class Team:
    """A team's account, with what the template made there, and its declaration."""

    account: Account
    folder: Path
    outputs: dict[str, str]
    authorities: Path

    @property
    def file(self) -> Path:
        return self.folder / "existing.yaml"

    @property
    def assembly(self) -> Path:
        return self.folder / "cdk.out"

    @property
    def home(self) -> Path:
        return self.folder / "airflow"

    def declare(self, *, bootstrap: bool = False, **changes: object) -> None:
        """Write the declaration: the instance with ``changes`` of its keys."""
        declaration = self._declaration(changes)
        if bootstrap:
            made = self.outputs
            ledger = declaration["instances"]["ledger"]["existing"]
            ledger["bootstrap"] = {"secret": made["masterSecret"]}
            network = declaration["network"]["existing"]
            network["endpoints_security_group"] = made["endpointsGroup"]
        self.file.write_text(yaml.safe_dump(declaration, sort_keys=False))

    def _declaration(self, changes: dict[str, object]) -> dict[str, Any]:
        made = self.outputs
        return {
            "account": ACCOUNT,
            "region": REGION,
            "alarms": {"nobody_because": "a test tells nobody"},
            "network": {
                "existing": {
                    "vpc": made["vpc"],
                    "subnets": [
                        {"id": made["subnetA"], "zone": "a"},
                        {"id": made["subnetB"], "zone": "b"},
                    ],
                }
            },
            "instances": {
                "ledger": {
                    "existing": {
                        "endpoint": made["endpoint"],
                        "port": int(made["port"]),
                        "resource_id": made["resourceId"],
                        "security_group": made["ledgerGroup"],
                        "administrator": "platform",
                    },
                    "databases": {"orders": ORDERS},
                    **changes,
                }
            },
            "airflow": {
                "existing": {
                    "role_arn": made["airflowRole"],
                    "security_group": made["airflowGroup"],
                    "connections_prefix": PREFIX,
                    "authorities": str(self.authorities),
                }
            },
            "identities": {"shop": {"role_arn": SHOP}},
        }

    def make(self, *targets: str) -> None:
        """Run the targets. ProgramError if one fails."""
        log = self.folder / f"{len([*self.folder.glob('*.log')])}.log"
        make.run(self.account, *targets, environment=self.file, output=self.assembly, log=log)

    def said(self) -> str:
        """What the targets said that ran last."""
        return max(self.folder.glob("*.log"), key=lambda log: int(log.stem)).read_text()

    @property
    def environment(self) -> Environment:
        return Environment(account=self.account, declared=read(self.file))

    @cached_property
    def password(self) -> str:
        """That of the master user, as its owner knows it."""
        secrets = self.account.client("secretsmanager")
        found = secrets.get_secret_value(SecretId=self.outputs["masterSecret"])
        return json.loads(found["SecretString"])["password"]

    def as_dba(self, database: str) -> Any:
        """A session of the master user, which logs in by its password all the time."""
        endpoint = Endpoint(
            host=self.outputs["endpoint"],
            port=int(self.outputs["port"]),
            authorities=self.account.authorities,
        )
        return closing(
            connect(endpoint, database=database, user="postgres", password=self.password)
        )

    def execute(self, database: str, *statements: str) -> None:
        with self.as_dba(database) as session:
            for statement in statements:
                session.execute(statement.encode())

    def given_up(self) -> None:
        """The master user is rid of the administrator, by the printed SQL, as psql runs it."""
        way = printed_way_back("platform", "postgres")
        with self.as_dba("postgres") as session:
            entering = session.execute(way.begun.encode())
            while entering.nextset():
                pass
            for (grant,) in entering.fetchall():
                session.execute(grant.encode())
            session.execute(way.ended.encode())
        for database in ("postgres", "template1", "orders", "untold"):
            self.execute(database, way.inside)
        self.execute("postgres", way.last)

    def may_read_the_password(self) -> bool:
        """Whether any deployed template names the master user's secret."""
        client = self.account.client("cloudformation")
        pages = client.get_paginator("describe_stacks").paginate()
        names = {one["StackName"] for page in pages for one in page["Stacks"]} - {"was-there"}
        return any(
            self.outputs["masterSecret"]
            in json.dumps(client.get_template(StackName=name)["TemplateBody"])
            for name in names
        )

    def password_read(self) -> int:
        """How many times a role has read it."""
        return sum(
            call.allowed and bool(call.role)
            for call in self.account.calls()
            if call.action == "secretsmanager:GetSecretValue"
            and call.resource == self.outputs["masterSecret"]
        )

    def plan(self) -> list[str]:
        """The plan of the deployed function."""
        template = json.loads((self.assembly / "existing-access.template.json").read_text())
        [databases] = [
            one["Properties"]["Databases"]
            for one in template["Resources"].values()
            if one["Type"] == "Custom::DatabaseUsers"
        ]
        answer = self.account.client("lambda").invoke(
            FunctionName=self.environment.users_function["FunctionName"],
            Payload=json.dumps({"Mode": "plan", "Databases": databases}),
        )
        return json.load(answer["Payload"])["Lines"]

    def rows(self) -> dict[str, Rows]:
        """Each row of each catalog, by database."""
        found: dict[str, Rows] = {}
        for database in ("postgres", "orders", "untold"):
            with self.as_dba(database) as session:
                found[database] = catalog_rows(session)
        return found

    def items(self) -> list[tuple[int, str]]:
        """The team's data."""
        with self.as_dba("orders") as session:
            return session.execute("TABLE item ORDER BY id").fetchall()

    def of_others(self) -> dict[str, object]:
        """What the account has of the team's that a deploy adds something to."""
        ec2, iam = self.account.client("ec2"), self.account.client("iam")
        groups = [self.outputs[name] for name in ("ledgerGroup", "endpointsGroup")]
        found = ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"]
        return {
            "rules": {one["GroupId"]: one["IpPermissions"] for one in found},
            "policies": {
                role: (
                    iam.list_role_policies(RoleName=role)["PolicyNames"],
                    iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"],
                )
                for role in ("team-airflow", "shop")
            },
            "secrets": [
                {key: value for key, value in one.items() if key != "LastAccessedDate"}
                for one in self.account.client("secretsmanager").list_secrets()["SecretList"]
            ],
        }

    def logins(self) -> set[tuple[str, str, str]]:
        """Who can log in where, by real logins; beyond what everyone may, as is declared."""
        found = access_matrix.tried(self.environment)
        # Whoever is a user of the server may connect there: told by the plan, and not ours to shut.
        assert [one for one in found.wrong if not OPEN.search(one)] == []
        return {one for one in found.users if one[1] == "orders"}

    def airflow(self) -> Airflow:
        """The team's Airflow: its role, its files, and the secrets backend that it must have."""
        role = self.account.assume(self.outputs["airflowRole"], session="worker")
        log = self.folder / "airflow.txt"
        with initialized(self.home, log=log) as wait:
            wait()
        shutil.copy(self.account.authorities, self.authorities)
        variables = {
            **LOCAL_OPTIONS,
            **self.account.variables(role),
            **configuration(secrets_backend(PREFIX)),
            "AIRFLOW_HOME": str(self.home),
            "PGHOSTADDR": "127.0.0.1",
        }
        return Airflow(home=self.home, variables=variables, log=log)


@pytest.fixture
def team(tmp_path: Path) -> Generator[Team]:
    with (
        # A path of authorities has no spaces, which this folder's may have.
        TemporaryDirectory(dir="/tmp") as workers,
        started_account(
            tmp_path / "aws", account=ACCOUNT, region=REGION, log=tmp_path / "aws.txt"
        ) as account,
    ):
        cloudformation = account.client("cloudformation")
        asked = {"StackName": "was-there", "TemplateBody": BEFORE.read_text()}
        cloudformation.create_stack(**asked, Capabilities=["CAPABILITY_NAMED_IAM"])
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="was-there", WaiterConfig={"Delay": 1}
        )
        [stack] = cloudformation.describe_stacks(StackName="was-there")["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]}
        made = Team(account, tmp_path, outputs, Path(workers) / "rds.pem")
        made.declare()
        with owner.at_work(account, role_arns=(SHOP, stranger(read(made.file)))):
            made.execute("postgres", *SERVER)
            made.execute("orders", *ITEMS)
            made.execute("untold", *UNTOLD)
            yield made


def unchanged_but_for_orders(before: dict[str, Rows], after: dict[str, Rows]) -> None:
    """No row is gone or another, but for those of the database that was declared."""
    [orders] = [
        found["oid"]
        for found in map(json.loads, before["postgres"]["pg_database"])
        if found["datname"] == "orders"
    ]
    for database in ("postgres", "untold"):
        for catalog, rows in before[database].items():
            now = after[database][catalog]
            if catalog not in OF_THE_SERVER:
                assert now == rows, (database, catalog)
            assert [row for row in rows - now if f'"{orders}"' not in row] == [], catalog


def unchanged_but_for_the_administrator(before: dict[str, Rows], after: dict[str, Rows]) -> None:
    """One role is there that was not, with its memberships, and everything else is as it was."""
    for database, catalogs in before.items():
        for catalog, rows in catalogs.items():
            more = [json.loads(row) for row in after[database][catalog] - rows]
            assert rows <= after[database][catalog], (database, catalog)
            match catalog:
                case "pg_roles":
                    assert [one["rolname"] for one in more] == ["platform"]
                case "pg_auth_members":
                    assert len({one["member"] for one in more}) == 1
                    assert len(more) == 3
                case _:
                    assert more == [], (database, catalog)


def test_what_exists_is_looked_at_taken_over_used_and_given_back(team: Team) -> None:
    untouched, others, items = team.rows(), team.of_others(), team.items()

    team.declare(bootstrap=True, mode="observe")
    team.make("bootstrap", "deploy")
    before = team.rows()
    unchanged_but_for_the_administrator(untouched, before)
    assert team.may_read_the_password()
    assert team.password_read() == 1

    team.declare(mode="observe")
    team.make("access")
    assert not team.may_read_the_password()
    plan = "\n".join(team.plan())
    assert "orders: everyone (PUBLIC) no longer has CONNECT, TEMPORARY on the database" in plan
    assert "orders: reporting may CONNECT, TEMPORARY only because everyone may" in plan
    assert "untold: it is not declared, and everyone (PUBLIC) may connect" in plan
    assert team.rows() == before

    team.declare()
    with pytest.raises(ProgramError):
        team.make("deploy")
    assert "nothing was changed, as this comes first: orders: reporting may" in team.said()
    assert team.rows() == before

    team.execute(
        "postgres",
        "REVOKE TEMPORARY ON DATABASE orders FROM PUBLIC",
        "GRANT CONNECT ON DATABASE orders TO reporting",
    )
    team.make("deploy")
    assert team.plan()[-1] == "nothing to do"
    unchanged_but_for_orders(before, team.rows())
    assert team.items() == items
    reads = ("airflow", "orders", "airflow_orders_read")
    owns = ("shop", "orders", "shop_orders_own")
    assert team.logins() == {reads, owns}
    printed = team.airflow().python(PATHS.read_text(), given="ledger_orders", variables={})
    [line] = [line for line in printed.splitlines() if line.startswith("found ")] or [printed]
    found = json.loads(line.removeprefix("found "))
    for way in ("get_conn", "get_records", "data_frame", "operator", "sensor", "engine"):
        assert found[way] == ["airflow_orders_read", "orders"], way

    team.make("revoke", "IDENTITY=shop")
    assert owns not in access_matrix.tried(team.environment).users
    team.make("restore-access", "IDENTITY=shop")
    team.declare(databases={"orders": {**ORDERS, "read": []}})
    team.make("access")
    assert team.logins() == {owns}

    team.make("destroy")
    after = team.rows()
    unchanged_but_for_orders(before, after)
    roles = {json.loads(row)["rolname"] for row in after["postgres"]["pg_roles"]}
    assert not roles & {"airflow_orders_read", "shop_orders_own"}
    assert team.items() == items
    assert team.of_others() == others
    with team.as_dba("untold") as session:
        assert session.execute("TABLE secret").fetchall() == [(42,)]
    team.given_up()
    unchanged_but_for_orders(untouched, team.rows())
    assert team.password_read() == 1
