"""One local AWS for all the tests, with a database server and roles that may or may not log in."""

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Any

import psycopg
import pytest

from proof.account import Account
from proof.logins import Endpoint, Identity, connect

ACCOUNT = "111122223333"
REGION = "eu-central-1"
MASTER = "administrator"
# Login users: a member of rds_iam, one by a chain, one that is none, one without login.
USERS = """
CREATE ROLE reader LOGIN IN ROLE rds_iam;
CREATE ROLE other LOGIN IN ROLE rds_iam;
CREATE ROLE team NOLOGIN IN ROLE rds_iam;
CREATE ROLE indirect LOGIN IN ROLE team;
CREATE ROLE outsider LOGIN;
CREATE ROLE retired NOLOGIN IN ROLE rds_iam
"""


def trust(**principal: str) -> dict[str, Any]:
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": statement}


def allow(action: str, resource: Any) -> dict[str, Any]:
    """An inline policy of a role's resource."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    document = {"Version": "2012-10-17", "Statement": statement}
    return {"PolicyName": "it", "PolicyDocument": document}


def instance(**properties: Any) -> dict[str, Any]:
    """An instance of RDS that is deployed, unless `properties` are refused."""
    return {
        "Type": "AWS::RDS::DBInstance",
        "DeletionPolicy": "Delete",
        "Properties": {
            "AllocatedStorage": "20",
            "DBInstanceClass": "db.t4g.micro",
            "EnableIAMDatabaseAuthentication": True,
            "Engine": "postgres",
            "EngineVersion": "17",
            "MasterUserAuthenticationType": "iam-db-auth",
            "MasterUsername": MASTER,
            **properties,
        },
    }


def role(*policies: Mapping[str, Any], name: str | None = None, **principal: str) -> dict[str, Any]:
    """A role that `principal`, or else the account itself, may assume."""
    trusted = trust(**(principal or {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    properties: dict[str, Any] = {
        "AssumeRolePolicyDocument": trusted,
        "Policies": list(policies),
    }
    if name:
        properties["RoleName"] = name
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def get(resource: str, attribute: str) -> dict[str, Any]:
    """An attribute of a resource."""
    return {"Fn::GetAtt": [resource, attribute]}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource of AWS."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def cluster(**properties: Any) -> dict[str, Any]:
    """A cluster that is deployed, unless `properties` are refused."""
    given = {
        "Engine": "aurora-postgresql",
        "EngineVersion": "17.5",
        "Port": 5432,
        "EnableIAMDatabaseAuthentication": True,
        "MasterUserAuthenticationType": "iam-db-auth",
        "MasterUsername": MASTER,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 2},
        **properties,
    }
    return {**resource("RDS::DBCluster", **given), "DeletionPolicy": "Delete"}


class StackFailedError(Exception):
    """A stack that did not deploy; the message is the first resource's reason."""


@dataclass(frozen=True)
class Stacks:
    """CloudFormation."""

    account: Account
    made: set[str] = field(default_factory=set[str])

    @cached_property
    def client(self) -> Any:
        return self.account.client("cloudformation")

    def deploy(self, name: str, resources: Mapping[str, Any], **outputs: Any) -> dict[str, str]:
        """Create or update a stack; its outputs."""
        said = {key: {"Value": value} for key, value in outputs.items()}
        return self.deploy_template(name, {"Resources": resources, "Outputs": said})

    def deploy_template(self, name: str, template: Mapping[str, Any]) -> dict[str, str]:
        """Create or update a stack of a whole template; its outputs."""
        client = self.client
        act = client.update_stack if name in self.made else client.create_stack
        self.made.add(name)
        capabilities = ["CAPABILITY_NAMED_IAM"]
        act(StackName=name, TemplateBody=json.dumps(template), Capabilities=capabilities)
        stack = self._ended(name)
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            events = client.describe_stack_events(StackName=name)["StackEvents"]
            newest = takewhile(lambda e: not _begins(e), events)
            failed = [e for e in newest if e["ResourceStatus"].endswith("_FAILED")]
            raise StackFailedError(failed[-1]["ResourceStatusReason"])
        return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}

    def delete(self, name: str) -> str:
        """Delete a stack; the status that it is left with."""
        stack = self.client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self.client.delete_stack(StackName=name)
        return self._ended(stack)["StackStatus"]

    def _ended(self, name: str) -> dict[str, Any]:
        """A stack that nothing is done with any more."""
        # Each call waits a while.
        while True:
            stack = self.client.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack


def _begins(event: Mapping[str, str]) -> bool:
    """Whether it is the first event of what was done to a stack."""
    begun = event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
    return begun and event["ResourceType"] == "AWS::CloudFormation::Stack"


@pytest.fixture(scope="session")
def stacks(account: Account) -> Stacks:
    return Stacks(account)


@pytest.fixture
def as_administrator(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called in this process is called as the account's administrator."""
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, value in account.variables(account.administrator).items():
        monkeypatch.setenv(name, value)


@dataclass(frozen=True)
class Database:
    """The instance, and those who try to log in."""

    identifier: str
    endpoint: Endpoint
    administrator: Identity
    reader: Identity
    """May connect as `reader`, `indirect`, `outsider`, `retired` and RDS's own superuser."""
    stranger: Identity
    """Has no policy."""
    error_log: Path

    def refusal(
        self,
        user: str,
        token: str,
        *,
        sslmode: str = "verify-full",
        endpoint: Endpoint | None = None,
    ) -> str:
        """What the client is told who logs in with this token."""
        with pytest.raises(psycopg.OperationalError) as refused:
            connect(
                endpoint or self.endpoint,
                database="postgres",
                user=user,
                password=token,
                sslmode=sslmode,
            )
        return str(refused.value)

    def logged(self) -> str:
        """The last reason that the server's log gives for a refusal."""
        return self.error_log.read_text().splitlines()[-1]


@pytest.fixture(scope="session")
def database(stacks: Stacks, state: Path) -> Database:
    users = ("reader", "indirect", "outsider", "retired", "rdsadmin", 64 * "n", "nobody")
    arns = [
        {"Fn::Sub": f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:${{Server.DbiResourceId}}/{user}"}
        for user in users
    ]
    outputs = stacks.deploy(
        "database",
        {
            "Server": instance(DBInstanceIdentifier="test-server"),
            "Reader": role(allow("rds-db:connect", arns)),
            "Stranger": role(),
            "Service": role(
                allow("rds-db:connect", "*"), name="service", Service="lambda.amazonaws.com"
            ),
        },
        Host={"Fn::GetAtt": ["Server", "Endpoint.Address"]},
        Port={"Fn::GetAtt": ["Server", "Endpoint.Port"]},
        Reader={"Fn::GetAtt": ["Reader", "Arn"]},
        Stranger={"Fn::GetAtt": ["Stranger", "Arn"]},
    )
    account = stacks.account
    endpoint = Endpoint(
        host=outputs["Host"], port=int(outputs["Port"]), authorities=account.authorities
    )
    administrator = Identity(
        name="administrator", credentials=account.administrator, endpoint=endpoint, region=REGION
    )

    def assumed(name: str) -> Identity:
        credentials = account.assume(outputs[name], session="test")
        return replace(administrator, name=name, credentials=credentials)

    with administrator.log_in(MASTER, "postgres") as connection:
        for statement in USERS.split(";"):
            connection.execute(statement.encode())
    return Database(
        identifier="test-server",
        endpoint=endpoint,
        administrator=administrator,
        reader=assumed("Reader"),
        stranger=assumed("Stranger"),
        error_log=state / "rds/test-server/iam-db-auth-error.log",
    )


@pytest.fixture
def master(database: Database) -> Generator[psycopg.Connection]:
    with database.administrator.log_in(MASTER, "postgres") as connection:
        yield connection
