"""Generated declarations."""

from typing import Any

from hypothesis import strategies as st

from airflow_rds_iam.declaration.databases import LEVELS
from tests.declared import dev
from tests.kinds import KINDS

SERVERS = ("warehouse", "shop", "a")
PEOPLE = ("airflow", "shop", "analyst", "team_a", "team")
ROLES = "arn:aws:iam::111122223333:role/"
_LAYOUTS = st.sampled_from(["separate", "packed"])
_NAMES = st.sampled_from(["orders", "reports", "payroll", "a_b", "a"])


@st.composite
def declarations(
    draw: st.DrawFn,
    *,
    servers: tuple[str, ...] = (),
    owner: str = "",
    of_every_kind: bool = False,
) -> dict[str, Any]:
    """Several servers, several databases, each identity with one level in each.

    Args:
        draw: hypothesis's.
        servers: all of these; by default one to three.
        owner: who owns each database, beside whom the others are granted something.
        of_every_kind: whether identities are of every kind, or roles that exist.
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
    identities = {
        one: _identity(
            one, draw(st.sampled_from(["", *KINDS])) if of_every_kind else "", draw(_LAYOUTS)
        )
        for one in sorted(granted - {"airflow"})
    }
    return dev({"instances": instances, "identities": identities})


def _identity(name: str, kind: str, layout: str) -> dict[str, Any]:
    if kind == "analyst":
        return {"identity_center": {"permission_set": name}}
    # EKS has one role for a service account of a cluster.
    pods = {"kubernetes": {**KINDS["pods"]["kubernetes"], "cluster": name}}
    found = {**KINDS, "": {"role_arn": ROLES + name}, "pods": pods}[kind]
    return {**found, "policies": layout}
