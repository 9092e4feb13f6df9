"""What an environment has deployed: its servers' functions, and which users are an identity's."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_rds_iam.declaration.airflow_names import AIRFLOW, EXECUTION_ROLE, output
from airflow_rds_iam.declaration.databases import LEVELS
from airflow_rds_iam.declaration.derived_names import before
from deployed.stack import DeployedStack, read_stack, resources_of

DesiredState = Sequence[Mapping[str, Any]]
"""The databases of a server, as the database users' function takes them."""


class NotDeployedError(Exception):
    """The account has no such environment, or it has no such identity."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server: the name of its function, and what was deployed to it last."""

    name: str
    function: str
    databases: DesiredState
    prefix: str | None = None
    """Of its roles' names, if they have one."""

    @property
    def properties(self) -> Mapping[str, str]:
        """What its function is told beside the databases."""
        return {"Prefix": self.prefix} if self.prefix else {}

    def users(self, identity: str) -> list[str]:
        """The login users of ``identity``."""
        return [user for owner, user in self.owners if owner == identity]

    @property
    def owners(self) -> Iterator[tuple[str, str]]:
        """Each login user with the identity whose it is."""
        ending = f"_{self.prefix}" if self.prefix else ""
        for database in self.databases:
            for level in LEVELS:
                for user in database.get(level.title(), ()):
                    who = before(user, database["Name"], level) or user
                    yield who.removesuffix(ending), user

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
        users = (owner for server in self.servers for owner, _ in server.owners)
        return sorted({*users})


def deployed(session: Any, environment: str) -> Deployed:
    """Read from the account what ``environment`` has there.

    Of the boto3 ``session`` it calls GetTemplate, DescribeStacks and ListStackResources of AWS
    CloudFormation on the access stack and those nested in it.

    Raises:
        NotDeployedError: there is no such stack.
        ClientError: the caller may not read it.
    """
    name = f"{environment}-access"
    cloudformation = session.client("cloudformation")
    found = read_stack(cloudformation, name)
    if found is None:
        raise NotDeployedError(
            f"{name} is no stack of this account in {session.region_name}: name an environment"
            " that is deployed, with the credentials and the region of its account"
        )
    [described] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    outputs = {
        output.get("OutputKey"): output.get("OutputValue")
        for output in described.get("Outputs", ())
    }
    servers = list(_servers(found))
    roles = _roles(found, servers)
    for identity in {AIRFLOW, *(owner for server in servers for owner, _ in server.owners)}:
        if airflow := outputs.get(output(EXECUTION_ROLE, identity)):
            roles[identity] = airflow
    return Deployed(servers=servers, roles=roles)


def _servers(stack: DeployedStack) -> Iterator[Server]:
    resources: Mapping[str, Any] = stack.template.get("Resources", {})
    for logical_id, schedule in resources_of(stack.template, "AWS::Scheduler::Schedule").items():
        target = schedule["Properties"]["Target"]
        # The regular check knows what compares the server, and with what.
        caller = resources[target["Arn"]["Fn::GetAtt"][0]]["Properties"]
        check = caller["Environment"]["Variables"]
        nested, slash, _ = logical_id.rpartition("/")
        declared = resources[f"{nested}{slash}{check['RESOURCE']}"]["Properties"]
        yield Server(
            name=json.loads(target["Input"])["Metrics"]["Dimensions"]["Instance"],
            function=stack.ids[check["FUNCTION"]["Fn::GetAtt"][0]],
            # Who retires goes at once.
            databases=[
                {key: value for key, value in database.items() if key != "Retiring"}
                for database in declared["Databases"]
            ],
            prefix=declared.get("Prefix"),
        )


def _roles(stack: DeployedStack, servers: Sequence[Server]) -> dict[str, str | None]:
    """Whose policy lets one of an identity's users in."""
    owners = {user: owner for server in servers for owner, user in server.owners}
    roles: dict[str, str | None] = {}
    for policy in resources_of(stack.template, "AWS::IAM::ManagedPolicy").values():
        properties = policy["Properties"]
        for statement in properties["PolicyDocument"]["Statement"]:
            user = json.dumps(statement["Resource"]).strip(']}" ').rpartition("/")[2]
            if user not in owners:
                continue
            match properties.get("Roles"):
                case None:
                    roles[owners[user]] = None
                case [str() as role]:
                    roles[owners[user]] = role
                case [{"Ref": logical_id}] if logical_id in stack.ids:
                    roles[owners[user]] = stack.ids[logical_id]
                case _:
                    pass
    return roles
