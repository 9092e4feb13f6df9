"""A server that another one replaces under its name, as a restore does it, and the way back."""

import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from proof.declared import with_backup_days, with_resource_id
from proof.deployment import DECLARATION, Deployment
from proof.progress import UnprovenError


@dataclass(frozen=True, kw_only=True)
class Replacement:
    """The instance that has the name now: what it is called in policies."""

    deployment: Deployment
    resource_id: str


@contextmanager
def replaced(deployment: Deployment) -> Generator[Replacement]:
    """Put a copy of the server in its place, as `docs/access.md` says; put it back at the end."""
    rds, old = deployment.account.client("rds"), deployment.instance
    name, aside = old["DBInstanceIdentifier"], f"{old['DBInstanceIdentifier']}-old"
    snapshot = f"before-the-restore-{secrets.token_hex(4)}"
    rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=snapshot)
    rds.modify_db_instance(
        DBInstanceIdentifier=name, NewDBInstanceIdentifier=aside, ApplyImmediately=True
    )
    new = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=name,
        DBSnapshotIdentifier=snapshot,
        DBSubnetGroupName=old["DBSubnetGroup"]["DBSubnetGroupName"],
        DBParameterGroupName=old["DBParameterGroups"][0]["DBParameterGroupName"],
        VpcSecurityGroupIds=[one["VpcSecurityGroupId"] for one in old["VpcSecurityGroups"]],
        EnableIAMDatabaseAuthentication=True,
    )["DBInstance"]
    try:
        yield Replacement(deployment=deployment, resource_id=_resource_id(deployment))
    finally:
        rds.delete_db_instance(
            DBInstanceIdentifier=new["DBInstanceIdentifier"], SkipFinalSnapshot=True
        )
        rds.modify_db_instance(
            DBInstanceIdentifier=aside, NewDBInstanceIdentifier=name, ApplyImmediately=True
        )
        # The old id is what a change of the instance back tells.
        deployment.make("deploy")


def _resource_id(deployment: Deployment) -> str:
    name = deployment.instance["DBInstanceIdentifier"]
    answer = deployment.account.client("rds").describe_db_instances(DBInstanceIdentifier=name)
    return answer["DBInstances"][0]["DbiResourceId"]


def nobody_logs_in(replacement: Replacement) -> str:
    """Every login is refused, since the policies name the server that is gone."""
    deployment = replacement.deployment
    for grant in deployment.declared.grants:
        try:
            with deployment.identity(grant.identity).log_in(grant.user, grant.database):
                raise UnprovenError(f"{grant.user} logs in to a server that no policy names")
        except psycopg.OperationalError:
            reason = deployment.server_log("iam-db-auth-error")[-1]
        if f"is not allowed rds-db:connect on {_user_arn(replacement, grant.user)}" not in reason:
            raise UnprovenError(f"{grant.user} is refused for another reason: {reason}")
    return replacement.resource_id


def the_procedure_lets_them_in(replacement: Replacement) -> str:
    """With the new id declared, `make access` alone lets in whom the declaration names."""
    deployment = replacement.deployment
    declaration = with_resource_id(
        DECLARATION,
        replacement.resource_id,
        instance=deployment.declared.instance,
        directory=deployment.state / "restore",
    )
    deployment.make("access", environment=declaration)
    return _everybody_logs_in(deployment)


def the_next_change_lets_them_in(replacement: Replacement) -> str:
    """A change of the instance has its stack tell the new id, and the access stack hears of it.

    Nothing in the access stack's own template changes.
    """
    deployment = replacement.deployment
    declaration = with_backup_days(
        DECLARATION,
        2,
        instance=deployment.declared.instance,
        directory=deployment.state / "backup-days",
    )
    deployment.make("deploy", environment=declaration)
    return _everybody_logs_in(deployment)


def _everybody_logs_in(deployment: Deployment) -> str:
    for grant in deployment.declared.grants:
        with deployment.identity(grant.identity).log_in(grant.user, grant.database) as session:
            session.execute("SELECT 1")
    return f"{len(deployment.declared.grants)} users"


def _user_arn(replacement: Replacement, user: str) -> str:
    declared = replacement.deployment.declared
    place = f"{declared.region}:{declared.account}"
    return f"arn:aws:rds-db:{place}:dbuser:{replacement.resource_id}/{user}"
