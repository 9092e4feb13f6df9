"""Which pipelines may deploy an environment, as their tokens name them."""

from pydantic import Field, model_validator

from airflow_rds_iam.declaration.identity_provider import PROVIDER, Provider
from airflow_rds_iam.declaration.part import Model
from airflow_rds_iam.declaration.values import (
    Branch,
    GitHubEnvironment,
    GitHubRepository,
    GitLabProject,
    GitLabUrl,
)

GITHUB = "https://token.actions.githubusercontent.com"


class GitHub(Model):
    """A repository on github.com whose workflows deploy."""

    repository: GitHubRepository = Field(
        description="As the subject of its tokens begins: in the trust of its role, "
        "`Role.AssumeRolePolicyDocument`."
    )
    environment: GitHubEnvironment | None = Field(
        default=None,
        description="GitHub's environment that a job must be in: `Role.AssumeRolePolicyDocument`. "
        "Default: the name of the declaration's file.",
    )
    branch: Branch = Field(
        default="main",
        description="The branch that a job must be of: `Role.AssumeRolePolicyDocument`.",
    )
    diff_on_pull_requests: bool = Field(
        default=False,
        description="Let pull requests of the repository's own branches, and so whoever may push "
        "one, read what is deployed, with the bootstrap's lookup role: a second `Role`.",
    )
    provider: Provider = Field(default="made", description=PROVIDER)


class GitLab(Model):
    """A project on GitLab whose pipelines deploy."""

    project: GitLabProject = Field(
        description="The path of the project: in the trust of its role, "
        "`Role.AssumeRolePolicyDocument`."
    )
    branch: Branch = Field(
        default="main",
        description="The branch that a job must be of: `Role.AssumeRolePolicyDocument`.",
    )
    url: GitLabUrl = Field(
        default="https://gitlab.com", description="Where GitLab is: `OIDCProvider.Url`."
    )
    provider: Provider = Field(default="made", description=PROVIDER)


class Delivery(Model):
    """Who deploys beside people: without a key, by tokens that last as long as a job."""

    github: GitHub | None = Field(default=None, description="A repository whose workflows deploy.")
    gitlab: GitLab | None = Field(default=None, description="A project whose pipelines deploy.")

    @property
    def providers_made(self) -> dict[str, str]:
        """The addresses of the identity providers that are made here, by whose they are."""
        declared = {
            "github": (self.github, GITHUB),
            "gitlab": (self.gitlab, self.gitlab.url if self.gitlab else ""),
        }
        return {
            whose: address
            for whose, (of, address) in declared.items()
            if of and of.provider == "made"
        }

    @model_validator(mode="after")
    def _somebody_delivers(self) -> "Delivery":
        if not (self.github or self.gitlab):
            raise ValueError("must have `github: …` or `gitlab: …`; without either, leave it out")
        return self
