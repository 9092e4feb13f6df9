"""The roles of CDK's bootstrap, and who deploys by assuming one.

Source: the template of ``cdk bootstrap``, and "Bootstrapping your environment" of the CDK guide.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from review.iam.decision import Answer
from review.powers import may
from review.templates.access import Access
from review.templates.assembly import Assembly
from review.templates.identities import Identity

ASSUME = "sts:AssumeRole"
_ROLE = re.compile(
    r"arn:[^:*?]+:iam::[^:*?]+:role/cdk-[a-z0-9]+-"
    r"(deploy|file-publishing|image-publishing|lookup)-role-[^/*?]+"
)


@dataclass(frozen=True)
class Bootstrap:
    """The bootstrap that stacks are deployed with."""

    partition: str
    account: str
    region: str
    qualifier: str

    def role(self, name: str) -> str:
        """The ARN of one of its roles, such as ``deploy``."""
        resource = f"role/cdk-{self.qualifier}-{name}-role-{self._place}"
        return f"arn:{self.partition}:iam::{self.account}:{resource}"

    @property
    def assets(self) -> str:
        """The ARN of the bucket that templates and code are deployed from."""
        return f"arn:{self.partition}:s3:::cdk-{self.qualifier}-assets-{self._place}"

    @property
    def _place(self) -> str:
        return f"{self.account}-{self.region}"


def bootstraps(assembly: Assembly) -> list[Bootstrap]:
    """Those that the stacks of an assembly name, by a parameter that each CDK stack has."""
    found: dict[Bootstrap, None] = {}
    for stack in assembly.stacks:
        parameter = stack.template.get("Parameters", {}).get("BootstrapVersion", {})
        qualifier = re.fullmatch(r"/cdk-bootstrap/(\w+)/version", str(parameter.get("Default")))
        if qualifier:
            where = stack.environment
            found[
                Bootstrap(where["partition"], where["account"], where["region"], qualifier[1])
            ] = None
    return list(found)


def is_bootstrap_role(arn: str) -> str:
    """Which of the roles that a deploy assumes this is; empty if none, or not one alone."""
    found = _ROLE.fullmatch(arn)
    return found[1] if found else ""


def deploying(access: Access) -> Iterator[Identity]:
    """The roles of the templates that may assume the role which deploys."""
    roles = [one.role("deploy") for one in bootstraps(access.assembly)]
    for identity in access.identities:
        if identity.kind == "role" and any(
            may(identity, ASSUME, arn).answer is not Answer.DENIED for arn in roles
        ):
            yield identity
