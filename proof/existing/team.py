"""A team's account, with what a template of its own made there, and what it declares of that."""

import json
import shutil
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from airflow_rds_iam.airflow.airflow import secrets_backend
from proof import make, owner, programs
from proof.account import Account, started_account
from proof.airflow import LOCAL_OPTIONS, Airflow, initialized
from proof.declared import read
from proof.environment import Environment, stranger
from proof.existing.servers import ADMINISTRATOR, MASTER, TeamServer
from proof.existing.way_back import WayBack, printed
from proof.mwaa import configuration
from proof.programs import ROOT

DECLARATION = ROOT / "environments/existing.yaml"
_TEMPLATE = Path(__file__).with_name("was_there.yaml")
_STACK = "was-there"


@dataclass(frozen=True, kw_only=True)
class Team:
    """The account, and the folder that its declaration and logs are in.

    Args:
        outputs: of the team's own template.
        authorities: where its Airflow's workers have the file.
    """

    account: Account
    folder: Path
    outputs: dict[str, str]
    authorities: Path

    @property
    def file(self) -> Path:
        """The declaration."""
        return self.folder / DECLARATION.name

    @cached_property
    def servers(self) -> list[TeamServer]:
        """Each server of the declaration."""
        declared: dict[str, Any] = yaml.safe_load(DECLARATION.read_text())["instances"]
        made = self.outputs
        return [
            TeamServer(
                account=self.account,
                name=name,
                database=next(iter(one["databases"])),
                host=made[f"{name}Endpoint"],
                port=int(made[f"{name}Port"]),
                resource_id=made[f"{name}ResourceId"],
                group=made[f"{name}Group"],
                secret=made[f"{name}Secret"],
                readers=made.get(f"{name}Readers", ""),
            )
            for name, one in declared.items()
        ]

    def declare(self, *, bootstrap: bool = False, observe: bool = False, read: bool = True) -> None:
        """Write the declaration, with the ids of this account in the place of the example's.

        Args:
            bootstrap: whether the master users' passwords make the administrators.
            observe: whether the servers are only looked at.
            read: whether Airflow may read.
        """
        content: dict[str, Any] = yaml.safe_load(DECLARATION.read_text())
        made, network = self.outputs, content["network"]["existing"]
        network["vpc"] = made["vpc"]
        for subnet, key in zip(network["subnets"], ("subnetA", "subnetB"), strict=True):
            subnet["id"] = made[key]
        if bootstrap:
            network["endpoints_security_group"] = made["endpointsGroup"]
        content["airflow"]["existing"] |= {
            "role_arn": made["airflowRole"],
            "security_group": made["airflowGroup"],
            "authorities": str(self.authorities),
        }
        for server in self.servers:
            instance = content["instances"][server.name]
            instance["existing"] |= {
                "endpoint": server.host,
                "port": server.port,
                "resource_id": server.resource_id,
                "security_group": server.group,
                **({"reader_endpoint": server.readers} if server.readers else {}),
                **({"bootstrap": {"secret": server.secret}} if bootstrap else {}),
            }
            if observe:
                instance["mode"] = "observe"
            if not read:
                instance["databases"][server.database]["read"] = []
        self.file.write_text(yaml.safe_dump(content, sort_keys=False))

    def make(self, *targets: str) -> None:
        """Run the targets. ProgramError if one fails."""
        number = len([*self._logs()])
        log = self.folder / "logs" / f"{number}-{'-'.join(targets).lower()}.log"
        output = self.folder / "cdk.out"
        make.run(self.account, *targets, environment=self.file, output=output, log=log)

    def _logs(self) -> Iterator[Path]:
        return self.folder.glob("logs/[0-9]*-*.log")

    def said(self) -> str:
        """What the targets said that ran last."""
        return max(self._logs(), key=lambda log: int(log.name.partition("-")[0])).read_text()

    def environment(self, server: TeamServer) -> Environment:
        """What is deployed of a server."""
        return Environment(account=self.account, declared=read(self.file, database=server.database))

    def plan(self, server: TeamServer) -> list[str]:
        """The plan of the deployed function."""
        file = self.folder / "cdk.out" / f"{self.file.stem}-access.template.json"
        [databases] = [
            one["Properties"]["Databases"]
            for one in json.loads(file.read_text())["Resources"].values()
            if one["Type"] == "Custom::DatabaseUsers"
            and server.database in {of["Name"] for of in one["Properties"]["Databases"]}
        ]
        answer = self.account.client("lambda").invoke(
            FunctionName=self.environment(server).users_function["FunctionName"],
            Payload=json.dumps({"Mode": "plan", "Databases": databases}),
        )
        return json.load(answer["Payload"])["Lines"]

    def templates_name(self, secret: str) -> bool:
        """Whether any deployed template names the secret, but for the team's own."""
        client = self.account.client("cloudformation")
        pages = client.get_paginator("describe_stacks").paginate()
        names = {one["StackName"] for page in pages for one in page["Stacks"]} - {_STACK}
        return any(
            secret in json.dumps(client.get_template(StackName=name)["TemplateBody"])
            for name in names
        )

    def times_read(self, secret: str) -> int:
        """How many times a role has read the secret."""
        return sum(
            call.allowed and bool(call.role)
            for call in self.account.calls()
            if call.action == "secretsmanager:GetSecretValue" and call.resource == secret
        )

    def of_others(self) -> dict[str, object]:
        """What the account has of the team's that a deploy adds something to."""
        ec2, iam = self.account.client("ec2"), self.account.client("iam")
        groups = [self.outputs["endpointsGroup"], *(one.group for one in self.servers)]
        found = ec2.describe_security_groups(GroupIds=groups)["SecurityGroups"]
        secrets = self.account.client("secretsmanager").list_secrets()["SecretList"]
        return {
            "rules": {one["GroupId"]: one["IpPermissions"] for one in found},
            "policies": {
                role: (
                    iam.list_role_policies(RoleName=role)["PolicyNames"],
                    iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"],
                )
                for role in ("team-airflow", "shop")
            },
            "secrets": [
                {key: value for key, value in one.items() if key != "LastAccessedDate"}
                for one in secrets
            ],
        }

    def airflow(self) -> Airflow:
        """The team's Airflow: its role, its files, and the secrets backend that it must have."""
        role = self.account.assume(self.outputs["airflowRole"], session="worker")
        home, log = self.folder / "airflow", self.folder / "logs/airflow.log"
        with initialized(home, log=log) as wait:
            wait()
        shutil.copy(self.account.authorities, self.authorities)
        content: dict[str, Any] = yaml.safe_load(self.file.read_text())
        prefix = content["airflow"]["existing"]["connections_prefix"]
        variables = {
            **LOCAL_OPTIONS,
            **self.account.variables(role),
            **configuration(secrets_backend(prefix)),
            "AIRFLOW_HOME": str(home),
            "PGHOSTADDR": "127.0.0.1",
        }
        return Airflow(home=home, variables=variables, log=log)

    def way_back(self) -> WayBack:
        """The SQL by which an administrator is gone again, as the command line prints it."""
        log = self.folder / "logs/way-back.log"
        of = [ADMINISTRATOR, "--master", MASTER, "--give-up"]
        programs.run(
            [sys.executable, "-m", "database_users", "administrator", *of], log=log, variables={}
        )
        return printed(log.read_text())


@contextmanager
def a_team(folder: Path) -> Generator[Team]:
    """A new local account, and what a team had there before, until left."""
    example = read(DECLARATION, database="orders")
    with (
        # A path of authorities has no spaces, which this folder's may have.
        TemporaryDirectory(dir="/tmp") as workers,
        started_account(
            folder / "aws",
            account=example.account,
            region=example.region,
            log=folder / "logs/aws.log",
        ) as account,
    ):
        cloudformation = account.client("cloudformation")
        asked = {"StackName": _STACK, "TemplateBody": _TEMPLATE.read_text()}
        cloudformation.create_stack(**asked, Capabilities=["CAPABILITY_NAMED_IAM"])
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=_STACK, WaiterConfig={"Delay": 1}
        )
        [stack] = cloudformation.describe_stacks(StackName=_STACK)["Stacks"]
        team = Team(
            account=account,
            folder=folder,
            outputs={one["OutputKey"]: one["OutputValue"] for one in stack["Outputs"]},
            authorities=Path(workers) / "rds.pem",
        )
        for server in team.servers:
            server.live_in()
        of_the_team = [arn for name, arn in example.role_arns.items() if name != "airflow"]
        with owner.at_work(account, role_arns=(*of_the_team, stranger(example))):
            yield team
