"""README's own example: somebody is given access, uses it, and loses it."""

import subprocess
import sys
import time
from pathlib import Path

from proof.deployment import DECLARATION, Deployment
from proof.environment import MASTER

# The first role is named in this folder, and so has been made; the second is known once deployed.
IDENTITIES = """\
  analyst:
    role_arn: arn:aws:iam::111122223333:role/people/analyst
  intern:
    role_arn: arn:aws:iam::111122223333:role/guests/intern
"""


def psql(declaration: Path, *arguments: str) -> list[str]:
    program = [sys.executable, "-m", "proof.psql", "--environment", str(declaration)]
    return [*program, *arguments]


def ran(declaration: Path, *arguments: str) -> tuple[int, str]:
    finished = subprocess.run(
        psql(declaration, *arguments), capture_output=True, text=True, check=False
    )
    return finished.returncode, finished.stdout + finished.stderr


def wait_for_session(deployment: Deployment, user: str) -> None:
    with deployment.identity(MASTER).log_in(MASTER, "postgres") as connection:
        query = "SELECT FROM pg_stat_activity WHERE usename = %s AND state = 'active'"
        while not connection.execute(query, (user,)).rowcount:
            time.sleep(0.05)


def test_a_grant_added_by_hand_is_deployed_used_and_taken_away_with_its_session(
    deployment: Deployment, tmp_path: Path
) -> None:
    declaration = tmp_path / DECLARATION.name
    text = DECLARATION.read_text().replace("read: [airflow]", "read: [airflow, analyst, intern]")
    declaration.write_text(text + IDENTITIES)
    orders = ("analyst", "orders")

    for early, identity, why in (
        (DECLARATION, "analyst", "'analyst' is not an identity of"),
        (declaration, "analyst", "the server has no user analyst_orders_read: the grant is not"),
        (declaration, "intern", "intern's role arn:aws:iam::111122223333:role/guests/intern does"),
    ):
        status, said = ran(early, identity, "orders", "-c", "SELECT 1")
        assert (status, said[: len(why)]) == (1, why)

    deployment.make("diff", "access", environment=declaration)
    diff = deployment.log("diff-access").read_text()
    assert "analyst" in diff
    assert ran(declaration, *orders, "-c", "SELECT count(*) > 0 FROM orders")[1] == (
        "True\nSELECT 1\n"
    )
    assert ran(declaration, "intern", "orders", "-c", "SELECT 1")[0] == 0
    status, said = ran(declaration, *orders, "-c", "DELETE FROM orders")
    assert (status, said) == (1, "permission denied for table orders\n")

    open_session = subprocess.Popen(
        psql(declaration, *orders, "-c", "SELECT pg_sleep(600)"),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for_session(deployment, "analyst_orders_read")
        deployment.make("access")
        _, error = open_session.communicate(timeout=30)
    finally:
        open_session.kill()
        open_session.wait()
    assert open_session.returncode == 1
    assert error.startswith("terminating connection due to administrator command")
    status, said = ran(declaration, *orders, "-c", "SELECT 1")
    assert status == 1
    assert said.startswith("the server has no user analyst_orders_read: the grant is not deployed")
