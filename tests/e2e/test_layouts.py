"""Airflow's logins from one layout of policies to the other and back, while it works."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import yaml

from proof.declared import AIRFLOW, at_level
from proof.deployment import DECLARATION, Deployment
from proof.steps import level

QUOTA = 10


@contextmanager
def attached(deployment: Deployment) -> Generator[list[int]]:
    """How many managed policies Airflow's role has, again and again until left."""
    iam = deployment.account.client("iam")
    role = deployment.airflow_environment["ExecutionRoleArn"].rpartition("/")[2]
    counts: list[int] = []
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            counts.append(len(iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield counts
    finally:
        done.set()
        thread.join()


def test_from_one_layout_to_the_other_and_at_another_level_airflow_logs_in_throughout(
    deployment: Deployment, tmp_path: Path
) -> None:
    content = yaml.safe_load(DECLARATION.read_text())
    content["airflow"] = {**content.get("airflow", {}), "policies": "packed"}
    packed = tmp_path / DECLARATION.name
    packed.write_text(yaml.safe_dump(content))
    grant = deployment.declared.grant(AIRFLOW, level.DATABASE)
    raised = at_level(packed, grant, level.LEVEL, directory=tmp_path / "level")
    new = f"{AIRFLOW}_{level.DATABASE}_{level.LEVEL}"
    with attached(deployment) as counts:
        for declaration, users in (
            (packed, [grant.user]),
            (raised, [grant.user, new]),
            (packed, [new, grant.user]),
            (DECLARATION, [grant.user]),
        ):
            assert level.users_throughout(deployment, grant, declaration) == users
    assert max(counts) <= QUOTA
    # Two of each layout, and at least once one more.
    assert {1, 2} <= set(counts)
