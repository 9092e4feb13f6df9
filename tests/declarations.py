"""Generated declarations."""

from typing import Any

from hypothesis import strategies as st

from airflow_rds_iam.declaration.model import LEVELS
from tests.declared import dev

SERVERS = ("warehouse", "shop", "a")
PEOPLE = ("airflow", "shop", "analyst", "team_a", "team")
ROLES = "arn:aws:iam::111122223333:role/"
_NAMES = st.sampled_from(["orders", "reports", "payroll", "a_b", "a"])


@st.composite
def declarations(
    draw: st.DrawFn, *, servers: tuple[str, ...] = (), owner: str = ""
) -> dict[str, Any]:
    """Several servers, several databases, each identity with one level in each.

    Args:
        draw: hypothesis's.
        servers: all of these; by default one to three.
        owner: who owns each database, beside whom the others are granted something.
    """
    people = st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1)
    instances = {
        server: {
            "databases": {
                name: {
                    level: [one for one, at in levels.items() if at == level] for level in LEVELS
                }
                for name in draw(st.lists(_NAMES, unique=True, min_size=1, max_size=3))
                for levels in [
                    {one: draw(st.sampled_from(LEVELS)) for one in draw(people)}
                    | ({owner: "own"} if owner else {})
                ]
            }
        }
        for server in servers or draw(st.lists(st.sampled_from(SERVERS), unique=True, min_size=1))
    }
    granted = {
        one
        for instance in instances.values()
        for database in instance["databases"].values()
        for level in LEVELS
        for one in database[level]
    }
    identities = {one: {"role_arn": ROLES + one} for one in sorted(granted - {"airflow"})}
    return dev({"instances": instances, "identities": identities})
