"""The stack that lets pipelines deploy. The first time, a person deploys it."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.declaration.delivery import GITHUB, Delivery, GitHub, GitLab
from airflow_rds_iam.declaration.identity_provider import AUDIENCE, Provider
from airflow_rds_iam.delivery.pipeline_role import (
    DEPLOY,
    LOOKUP,
    BootstrapRole,
    Pipeline,
    PipelineRole,
)

GITLAB = "https://gitlab.com"
# A first deploy takes 40 minutes; role chaining within it is renewed by the CDK each hour.
DEPLOY_HOURS = 2


class DeliveryStack(Stack):
    """Identity providers of pipelines, and the roles that their jobs take.

    Args:
        environment: the environment's name.
        delivery: which pipelines.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        delivery: Delivery,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        if delivery.github:
            self._provider("GitHub", GITHUB, delivery.github.provider)
            for name, pipeline in _github(delivery.github, environment).items():
                self._role("GitHub", name, pipeline)
        if delivery.gitlab:
            self._provider("GitLab", delivery.gitlab.url, delivery.gitlab.provider)
            self._role("GitLab", "Deploys", _gitlab(delivery.gitlab))

    def _provider(self, construct_id: str, url: str, provider: Provider) -> None:
        if provider == "made":
            # AWS verifies both by its own authorities, and asks for no thumbprint.
            iam.CfnOIDCProvider(self, construct_id, url=url, client_id_list=[AUDIENCE])

    def _role(self, service: str, name: str, pipeline: Pipeline) -> None:
        deploys = name == "Deploys"
        bootstrap: tuple[BootstrapRole, ...] = DEPLOY if deploys else LOOKUP
        role = PipelineRole(
            self,
            f"{service}{name}",
            pipeline=pipeline,
            bootstrap=bootstrap,
            hours=DEPLOY_HOURS if deploys else 1,
        )
        if provider := self.node.try_find_child(service):
            role.node.add_dependency(provider)
        CfnOutput(self, f"{service}{name}Role", value=role.role.role_arn)


def _github(github: GitHub, environment: str) -> Mapping[str, Pipeline]:
    """The jobs, by what they do ("OpenID Connect reference" of GitHub Docs).

    The subject of a job in an environment names no branch, and whoever may push one could name
    the environment: so the branch is asked for as well.
    """
    repository = f"repo:{github.repository}"
    jobs = {
        "Deploys": Pipeline(
            issuer=GITHUB,
            subject=f"{repository}:environment:{github.environment or environment}",
            claims={"ref": f"refs/heads/{github.branch}"},
        )
    }
    if github.diff_on_pull_requests:
        jobs["Reads"] = Pipeline(issuer=GITHUB, subject=f"{repository}:pull_request")
    return jobs


def _gitlab(gitlab: GitLab) -> Pipeline:
    """The job ("OpenID Connect (OIDC) Authentication Using ID Tokens" of GitLab Docs).

    STS knows more than audience and subject of gitlab.com alone.
    """
    return Pipeline(
        issuer=gitlab.url,
        subject=f"project_path:{gitlab.project}:ref_type:branch:ref:{gitlab.branch}",
        claims={"ref_protected": "true"} if gitlab.url == GITLAB else {},
    )
