"""The managed policies with which an identity logs in."""

import hashlib
from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam
from constructs import Construct

from airflow_rds_iam.declaration.grants import Grant
from airflow_rds_iam.declaration.policies import first
from airflow_rds_iam.own_account import refuse_other_account
from airflow_rds_iam.servers.server import CONNECT, Server, users_arn


class LoginPolicies(Construct):
    """One statement for each grant, in the policies that ``layout`` says.

    A statement that moves from one policy to another is in the new one first: what a policy no
    longer holds, another does whose name begins with its own. A role has no policy more meanwhile,
    since the one without a name changes in place, also from one layout to another.

    Args:
        layout: the grants by the name of their policy.
        servers: by the name of their instance.
        description: the same whatever the grants are: another would replace the policies.
        anew: a policy that changes is another one, and the old one goes when all else is done: so
            what logs in as another user than before may do both while it is told which.
        role: who has the policies; with none they are attached to nothing.
        name: of the one policy, with its path, where others refer to it by that.

    Raises:
        ValueError: the role is of another account.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        layout: Mapping[str, Sequence[Grant]],
        servers: Mapping[str, Server],
        description: str,
        role: iam.IRole | None = None,
        name: tuple[str, str] | None = None,
        anew: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        if role:
            refuse_other_account(self, role)
        path, managed_policy_name = name or (None, None)
        users = {
            name: users_arn(self, resource_id=servers[name].resource_id)
            for name in {grant.instance for granted in layout.values() for grant in granted}
        }
        policies = {
            group: iam.ManagedPolicy(
                self,
                f"Policy-{group}" if group else "Policy",
                description=f"{description} ({_digest(granted)})" if anew else description,
                path=path,
                managed_policy_name=managed_policy_name,
                roles=[role] if role else None,
                document=_document(users, granted),
            )
            for group, granted in layout.items()
        }
        for group, policy in () if anew else policies.items():
            for other in first(policies, group):
                policy.node.add_dependency(policies[other])


def _document(users: Mapping[str, str], granted: Sequence[Grant]) -> iam.PolicyDocument:
    # In one call of the CDK: there may be hundreds of statements.
    return iam.PolicyDocument.from_json({
        "Statement": [
            {
                "Sid": grant.sid,
                "Effect": "Allow",
                "Action": CONNECT,
                "Resource": users[grant.instance] + grant.user,
            }
            for grant in granted
        ]
    })  # fmt: skip


def _digest(granted: Sequence[Grant]) -> str:
    """Of another text if it is of other grants: a new description makes another policy."""
    users = "".join(f"{grant.instance}/{grant.user}\n" for grant in granted)
    return hashlib.sha256(users.encode()).hexdigest()[:8]
