"""What an environment has deployed: its servers' functions, and which users are an identity's."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from airflow_rds_iam.declaration.model import AIRFLOW, LEVELS

DesiredState = Sequence[Mapping[str, Any]]
"""The databases of a server, as the database users' function takes them."""


class NotDeployedError(Exception):
    """The account has no such environment, or it has no such identity."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server: the ARN of its function, and what was deployed to it last."""

    name: str
    function: str
    databases: DesiredState

    def users(self, identity: str) -> list[str]:
        """The login users of ``identity``."""
        return [user for owner, user in _users(self.databases) if owner == identity]

    def without(self, users: Sequence[str]) -> DesiredState:
        """What was deployed, but for ``users``."""
        levels = [level.title() for level in LEVELS]
        return [
            {
                **database,
                **{
                    level: [user for user in database.get(level, ()) if user not in users]
                    for level in levels
                },
            }
            for database in self.databases
        ]


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """An environment as its account has it."""

    servers: Sequence[Server]
    roles: Mapping[str, str | None]
    """The name of each identity's role; None for a permission set of IAM Identity Center."""

    @property
    def identities(self) -> list[str]:
        """Everybody who was granted something, sorted."""
        users = (owner for server in self.servers for owner, _ in _users(server.databases))
        return sorted({*users})


def deployed(session: Any, environment: str) -> Deployed:
    """Read from the account what ``environment`` has there.

    Of the boto3 ``session`` it calls GetTemplate, DescribeStacks and ListStackResources of AWS
    CloudFormation on the access stack, and GetSchedule of Amazon EventBridge Scheduler.

    Raises:
        NotDeployedError: there is no such stack.
        ClientError: the caller may not read it.
    """
    stack = f"{environment}-access"
    cloudformation = session.client("cloudformation")
    try:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ValidationError":
            raise
        raise NotDeployedError(
            f"{stack} is no stack of this account in {session.region_name}: name an environment"
            " that is deployed, with the credentials and the region of its account"
        ) from None
    outputs = {
        output.get("OutputKey"): output.get("OutputValue") for output in found.get("Outputs", ())
    }
    body: Any = cloudformation.get_template(StackName=stack)["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    resources = list(_resources(session, stack))
    servers = list(_servers(session, resources))
    roles = _roles(template, servers, resources)
    if airflow := outputs.get("AirflowExecutionRole"):
        roles[AIRFLOW] = airflow
    return Deployed(servers=servers, roles=roles)


def _resources(session: Any, stack: str) -> Iterator[Mapping[str, Any]]:
    pages = session.client("cloudformation").get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack):
        yield from page["StackResourceSummaries"]


def _servers(session: Any, resources: Sequence[Mapping[str, Any]]) -> Iterator[Server]:
    scheduler = session.client("scheduler")
    for resource in resources:
        if resource["ResourceType"] == "AWS::Scheduler::Schedule":
            name = resource.get("PhysicalResourceId", "")
            target = scheduler.get_schedule(Name=name)["Target"]
            # The regular check compares a server with all that was deployed to it.
            check = json.loads(target.get("Input", "{}"))
            yield Server(
                name=check["Metrics"]["Dimensions"]["Instance"],
                function=target["Arn"],
                databases=check["Databases"],
            )


def _roles(
    template: Mapping[str, Any],
    servers: Sequence[Server],
    resources: Sequence[Mapping[str, Any]],
) -> dict[str, str | None]:
    """Whose policy lets one of an identity's users in."""
    owners = {user: owner for server in servers for owner, user in _users(server.databases)}
    made = {one["LogicalResourceId"]: one.get("PhysicalResourceId", "") for one in resources}
    roles: dict[str, str | None] = {}
    for resource in template.get("Resources", {}).values():
        if resource["Type"] != "AWS::IAM::ManagedPolicy":
            continue
        properties = resource["Properties"]
        for statement in properties["PolicyDocument"]["Statement"]:
            user = json.dumps(statement["Resource"]).strip(']}" ').rpartition("/")[2]
            if user not in owners:
                continue
            match properties.get("Roles"):
                case None:
                    roles[owners[user]] = None
                case [str() as role]:
                    roles[owners[user]] = role
                case [{"Ref": logical_id}] if logical_id in made:
                    roles[owners[user]] = made[logical_id]
                case _:
                    pass
    return roles


def _users(databases: DesiredState) -> Iterator[tuple[str, str]]:
    """Each login user with the identity whose it is."""
    for database in databases:
        for level in LEVELS:
            for user in database.get(level.title(), ()):
                yield user.removesuffix(f"_{database['Name']}_{level}"), user
