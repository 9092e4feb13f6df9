"""Whether IAM takes the policies that follow from a declaration's grants.

Source of the quotas: "IAM and AWS STS quotas". White space does not count.
"""

from collections import Counter
from collections.abc import Iterator

from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.grants import grants
from airflow_rds_iam.declaration.model import AIRFLOW, Declaration

# Characters of all inline policies of a role, and of a managed policy.
INLINE_POLICIES = 10240
MANAGED_POLICY = 6144
# Characters of the inline policies that Airflow's role has before any login, and of a login's
# policy beside its user's name, where the names of partition, region and all else are longest.
OWN_POLICIES = 1800
LOGIN_POLICY = 183
# Characters of the managed policy with which Airflow looks its connections up, before any
# connection, and of a connection beside the names of the environment and of the connection.
LOOKUP_POLICY = 112
LOOKUP = 95


def too_many_policies(declaration: Declaration, *, environment: str) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and what IAM would refuse."""
    yield from _managed(declaration)
    logins = [grant for grant in grants(declaration) if grant.identity == AIRFLOW]
    if not logins:
        return
    name = declaration.airflow.name or environment
    inline = OWN_POLICIES + sum(LOGIN_POLICY + len(grant.user) for grant in logins)
    lookup = LOOKUP_POLICY + sum(LOOKUP + len(name) + len(one.connection_id) for one in logins)
    for size, quota, where in (
        (inline, INLINE_POLICIES, "policies in its role"),
        (lookup, MANAGED_POLICY, "the policy that looks its connections up"),
    ):
        if size > quota:
            message = (
                f"{len(logins)} databases for Airflow make {size:,} characters of {where}; IAM "
                f"allows {quota:,}: declare some of them in another environment"
            )
            yield ("instances", logins[-1].instance, "databases"), message


def _managed(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    quota = declaration.managed_policies_per_role
    # Airflow's logins are inline policies of a role that is ours.
    identities = (grant.identity for grant in grants(declaration) if grant.identity != AIRFLOW)
    for identity, count in Counter(identities).items():
        if count > quota:
            message = f"{quota}: {identity!r} needs {count} managed policies, one a database"
            yield ("managed_policies_per_role",), message
