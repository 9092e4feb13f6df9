"""A role that a pipeline takes with a token of its own, and that may use CDK's bootstrap alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.declaration.identity_provider import AUDIENCE, host
from airflow_rds_iam.identity_provider import provider_name

BootstrapRole = Literal["deploy", "file-publishing", "image-publishing", "lookup"]
DEPLOY: tuple[BootstrapRole, ...] = ("deploy", "file-publishing", "image-publishing", "lookup")
"""What ``cdk deploy`` assumes ("Bootstrapping IAM roles" of the CDK guide)."""
LOOKUP: tuple[BootstrapRole, ...] = ("lookup",)
"""What ``cdk diff`` assumes that makes no change set."""


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The one kind of job that a token must be of."""

    issuer: str
    """The address of the provider, such as ``https://gitlab.com``."""
    subject: str
    """The whole ``sub`` of the token."""
    claims: Mapping[str, str] = field(default_factory=dict[str, str])
    """Other claims that STS makes condition keys of, with the whole of their values ("Available
    keys for AWS OIDC federation" of the IAM user guide)."""


class PipelineRole(Construct):
    """A role for ``pipeline``.

    Args:
        pipeline: whose tokens it is given for; the provider is one of the account.
        bootstrap: the roles of the bootstrap that it may assume, in its own account and region.
        hours: how long it lasts at most: a deploy must end in that time.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        pipeline: Pipeline,
        bootstrap: Sequence[BootstrapRole],
        hours: int,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        exact = {"aud": AUDIENCE, "sub": pipeline.subject, **pipeline.claims}
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.WebIdentityPrincipal(
                provider_name(stack, pipeline.issuer),
                {
                    "StringEquals": {
                        f"{host(pipeline.issuer)}:{name}": value for name, value in exact.items()
                    }
                },
            ),
            max_session_duration=Duration.hours(hours),
        )
        iam.ManagedPolicy(
            self,
            "Policy",
            description="A pipeline may use the bootstrap of the CDK",
            roles=[self.role],
            statements=[
                iam.PolicyStatement(
                    sid="Bootstrap",
                    actions=["sts:AssumeRole"],
                    resources=[_bootstrap_role(stack, name) for name in bootstrap],
                )
            ],
        )


def _bootstrap_role(stack: Stack, name: BootstrapRole) -> str:
    qualifier = stack.synthesizer.bootstrap_qualifier or "hnb659fds"
    return stack.format_arn(
        service="iam",
        region="",
        resource="role",
        resource_name=f"cdk-{qualifier}-{name}-role-{stack.account}-{stack.region}",
    )
