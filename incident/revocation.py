"""Ends an identity's access now, and gives it back after a false alarm."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from incident.environment import Deployed, DesiredState, NotDeployedError, Server

POLICY = "airflow-rds-iam-revoked"
"""The inline policy that denies a role its logins."""

_FUNCTION_SECONDS = 330  # more than its own 300, so that its answer is waited for


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was done, or was not, and how long it took in seconds."""

    title: str
    seconds: float
    failure: str = ""


def revoke(session: Any, deployed: Deployed, identity: str) -> Iterator[Step]:
    """Deny the identity's role every login, then end its users and their sessions on each server.

    New logins fail with the first step; those of a permission set, whose roles take no policy, as
    their users end. A step that fails keeps no other from being tried.

    Raises:
        NotDeployedError: the identity was granted nothing.
    """
    role, servers = _of(deployed, identity)
    if role:
        yield _done(
            f"{role} is denied rds-db:connect as any user of {identity}",
            lambda: session.client("iam").put_role_policy(
                RoleName=role, PolicyName=POLICY, PolicyDocument=_denial(session, role, identity)
            ),
        )
    for server in servers:
        users = server.users(identity)
        yield _done(
            f"{server.name}: login off, sessions ended, gone: {', '.join(users)}",
            lambda server=server, users=users: _bring_about(
                session, server, before=server.databases, after=server.without(users)
            ),
        )


def restore(session: Any, deployed: Deployed, identity: str) -> Iterator[Step]:
    """Bring the identity's users about as they were deployed, then lift the denial.

    Raises:
        NotDeployedError: the identity was granted nothing.
    """
    role, servers = _of(deployed, identity)
    whole = True
    for server in servers:
        users = server.users(identity)
        step = _done(
            f"{server.name}: may log in again: {', '.join(users)}",
            lambda server=server, users=users: _bring_about(
                session, server, before=server.without(users), after=server.databases
            ),
        )
        whole = whole and not step.failure
        yield step
    if whole and role:
        yield _done(f"{role} is denied nothing any more", lambda: _lift(session, role))


def _of(deployed: Deployed, identity: str) -> tuple[str | None, Sequence[Server]]:
    servers = [server for server in deployed.servers if server.users(identity)]
    if not servers:
        known = ", ".join(deployed.identities) or "nobody"
        raise NotDeployedError(
            f"{identity!r} was granted nothing that is deployed; access has {known}"
        )
    if identity not in deployed.roles:
        raise NotDeployedError(
            f"which role {identity!r} has cannot be read from what is deployed: deny it"
            " rds-db:connect by hand, and see docs/incident.md"
        )
    return deployed.roles[identity], servers


def _denial(session: Any, role: str, identity: str) -> str:
    """The policy. It names the identity's users by their prefix: the role may have other uses."""
    partition, account = _partition_and_account(session, role)
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Sid": "Revoked",
                "Effect": "Deny",
                "Action": "rds-db:connect",
                "Resource": f"arn:{partition}:rds-db:*:{account}:dbuser:*/{identity}_*",
            },
        }
    )


def _partition_and_account(session: Any, role: str) -> tuple[str, str]:
    arn = session.client("iam").get_role(RoleName=role)["Role"]["Arn"]
    return arn.split(":")[1], arn.split(":")[4]


def _lift(session: Any, role: str) -> None:
    try:
        session.client("iam").delete_role_policy(RoleName=role, PolicyName=POLICY)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchEntity":
            raise


class _RefusedError(Exception):
    """The function ran, and says what is in the way."""


def _bring_about(
    session: Any, server: Server, *, before: DesiredState, after: DesiredState
) -> None:
    """Have the function do what a deploy of ``after`` would have it do."""
    config = Config(read_timeout=_FUNCTION_SECONDS, retries={"total_max_attempts": 1})
    event = {
        "RequestType": "Update",
        "OldResourceProperties": {**server.properties, "Databases": before},
        "ResourceProperties": {**server.properties, "Databases": after},
    }
    answer = session.client("lambda", config=config).invoke(
        FunctionName=server.function, Payload=json.dumps(event)
    )
    said: Any = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise _RefusedError(said.get("errorMessage", said))


def _done(title: str, act: Callable[[], object]) -> Step:
    begun = time.monotonic()
    failure = ""
    try:
        act()
    except (ClientError, BotoCoreError, _RefusedError) as error:
        failure = str(error)
    return Step(title=title, seconds=time.monotonic() - begun, failure=failure)
