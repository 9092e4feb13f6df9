"""An environment that was deployed, as the account knows it, and who may sign for it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from proof import kinds, mwaa
from proof.account import Account, Credentials
from proof.declared import AIRFLOW, Declared
from proof.kinds import PROOF
from proof.logins import Endpoint, Identity

STRANGER = "stranger"
"""A role of the account that the declaration does not know."""
MASTER = "administrator"
USERS_HANDLER = "database_users.handler.handle"
UNKNOWN_KEYS = Credentials(access_key_id="AKIA" + 16 * "A", secret_access_key=40 * "a")
"""Keys that AWS does not know, which the proofs alone call it with."""


def stranger(declared: Declared) -> str:
    """The ARN of the role that is not declared."""
    return f"arn:aws:iam::{declared.account}:role/{STRANGER}"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What an account has of a declaration, read from its APIs."""

    account: Account
    declared: Declared

    @cached_property
    def instance(self) -> dict[str, Any]:
        """The instance as RDS describes it."""
        answer = self.account.client("rds").describe_db_instances(
            DBInstanceIdentifier=self.declared.identifier
        )
        return answer["DBInstances"][0]

    @cached_property
    def cluster(self) -> dict[str, Any]:
        """The Aurora cluster as RDS describes it."""
        answer = self.account.client("rds").describe_db_clusters(
            DBClusterIdentifier=self.declared.identifier
        )
        return answer["DBClusters"][0]

    @cached_property
    def endpoint(self) -> Endpoint:
        """Where the instance, or the cluster's writer, is reached."""
        host, port = (
            (self.cluster["Endpoint"], self.cluster["Port"])
            if self.declared.is_cluster
            else (self.instance["Endpoint"]["Address"], self.instance["Endpoint"]["Port"])
        )
        return Endpoint(host=host, port=port, authorities=self.account.authorities)

    @cached_property
    def airflow_environment(self) -> dict[str, Any]:
        """The one Airflow environment as MWAA describes it."""
        return self._of_mwaa(AIRFLOW)

    def _of_mwaa(self, identity: str) -> dict[str, Any]:
        name = self.declared.airflows[identity]
        return self.account.client("mwaa").get_environment(Name=name)["Environment"]

    @cached_property
    def users_function(self) -> dict[str, Any]:
        """The configuration of the function that sets up database users."""
        pages = self.account.client("lambda").get_paginator("list_functions").paginate()
        [function] = [
            function
            for page in pages
            for function in page["Functions"]
            if (variables := function.get("Environment", {}).get("Variables", {}))
            and variables.get("DATABASE_HOST") == self.endpoint.host
            and function["Handler"] == USERS_HANDLER
        ]
        return function

    def identity(self, name: str) -> Identity:
        """One that is declared, the stranger, or the one that logs in as the master user."""
        if name not in self._sessions:
            self._sessions[name] = self._assume(name)
        return Identity(
            name=name,
            credentials=self._sessions[name],
            endpoint=self.endpoint,
            region=self.account.region,
        )

    @cached_property
    def _sessions(self) -> dict[str, Credentials]:
        return {}

    def _assume(self, name: str) -> Credentials:
        if name in self.declared.airflows:
            return mwaa.assume(self.account, self._of_mwaa(name), session=PROOF)
        if name in self.declared.others:
            declared = self.declared.others[name]
            whose = declared.get("airflow", AIRFLOW)
            return kinds.assume(
                self.account,
                self.declared.made_role_arn(name),
                name,
                declared,
                tasks=lambda: self.identity(whose).credentials,
            )
        if name == MASTER:
            return self.account.assume_as_service(
                self.users_function["Role"],
                service="lambda.amazonaws.com",
                source_arn=self.users_function["FunctionArn"],
                session=PROOF,
            )
        roles = {STRANGER: stranger(self.declared), **self.declared.role_arns}
        return self.account.assume(roles[name], session=PROOF)
