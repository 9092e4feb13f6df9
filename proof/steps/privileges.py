"""What the server itself says of the roles that somebody can log in as."""

from proof.deployment import Deployment
from proof.environment import MASTER
from proof.progress import UnprovenError

# RDS's own, whom no token lets in.
RDS_SUPERUSER = "rdsadmin"
POWERFUL = """
SELECT rolname FROM pg_roles
WHERE (rolsuper OR rolreplication OR rolbypassrls) AND rolname <> %s
"""
# Beyond a user's privileges in databases: what PostgreSQL's own roles let it do to the server.
PREDEFINED = """
SELECT member.rolname || ' in ' || granted.rolname
FROM pg_roles member, pg_roles granted
WHERE member.rolname = ANY (%s) AND granted.rolname LIKE 'pg\\_%%'
AND pg_has_role(member.oid, granted.oid, 'MEMBER')
"""


def nobody_is_superuser(deployment: Deployment) -> str:
    """No role that can be reached, the master included, stands above the server's checks."""
    with deployment.identity(MASTER).log_in(MASTER, "postgres") as connection:
        version, user, superuser = connection.execute(
            "SELECT current_setting('server_version'), session_user::text, "
            "current_setting('is_superuser')"
        ).fetchone() or ("", "", "")
        if superuser != "off":
            raise UnprovenError(f"the bootstrap's session, as {user}, is a superuser's")
        powerful = [name for (name,) in connection.execute(POWERFUL, (RDS_SUPERUSER,))]
        if powerful:
            raise UnprovenError(f"superuser, replication or bypassing row security: {powerful}")
        users = [grant.user for grant in deployment.declared.grants]
        if members := [name for (name,) in connection.execute(PREDEFINED, (users,))]:
            raise UnprovenError(f"members of PostgreSQL's own roles: {members}")
    return f"PostgreSQL {version}; {user} is no superuser"
