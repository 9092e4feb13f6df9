"""What can be wrong with the role that signs, and with its credentials."""

import json
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Any

from proof import mwaa
from proof.environment import UNKNOWN_KEYS, stranger
from proof.faults.fault import Asked, Scene
from proof.kinds import PROOF

NOBODY = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": ""}


@contextmanager
def no_policy(scene: Scene) -> Generator[None]:
    """Without the policy that lets the user log in."""
    iam, role = scene.deployment.account.client("iam"), {"RoleName": scene.role}
    with ExitStack() as back:
        for name in iam.list_role_policies(**role)["PolicyNames"]:
            document = iam.get_role_policy(**role, PolicyName=name)["PolicyDocument"]
            if f"/{scene.grant.user}" in json.dumps(document):
                text = json.dumps(document)
                iam.delete_role_policy(**role, PolicyName=name)
                back.callback(iam.put_role_policy, **role, PolicyName=name, PolicyDocument=text)
        for attached in iam.list_attached_role_policies(**role)["AttachedPolicies"]:
            arn = attached["PolicyArn"]
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
            if f"/{scene.grant.user}" in json.dumps(found["Document"]):
                iam.detach_role_policy(**role, PolicyArn=arn)
                back.callback(iam.attach_role_policy, **role, PolicyArn=arn)
        yield


@contextmanager
def other_user(scene: Scene) -> Generator[None]:
    """With a policy for another user."""
    with no_policy(scene), _inline(scene, "Allow", f"{scene.grant.user}_2"):
        yield


@contextmanager
def other_server(scene: Scene) -> Generator[None]:
    """With a policy for the server that was there before a restore."""
    with no_policy(scene), _inline(scene, "Allow", scene.grant.user, server=f"db-{26 * 'A'}"):
        yield


@contextmanager
def denied(scene: Scene) -> Generator[None]:
    """With a statement that denies."""
    with _inline(scene, "Deny", "*", server="*"):
        yield


@contextmanager
def bounded(scene: Scene) -> Generator[None]:
    """With a permissions boundary that leaves the login out."""
    iam = scene.deployment.account.client("iam")
    statement = {"Effect": "Allow", "NotAction": "rds-db:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": statement}
    made = iam.create_policy(PolicyName="a-boundary", PolicyDocument=json.dumps(policy))
    arn = made["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=scene.role, PermissionsBoundary=arn)
    try:
        yield
    finally:
        iam.delete_role_permissions_boundary(RoleName=scene.role)
        iam.delete_policy(PolicyArn=arn)


@contextmanager
def ended(scene: Scene) -> Generator[Asked]:
    """Credentials of a session that has ended."""
    deployment = scene.deployment
    over = mwaa.assume(deployment.account, deployment.airflow_environment, session=PROOF, seconds=0)
    yield Asked(variables=deployment.account.variables(over))


@contextmanager
def unknown(scene: Scene) -> Generator[Asked]:
    """Keys that AWS does not know."""
    variables = scene.deployment.account.variables(UNKNOWN_KEYS)
    yield Asked(variables={**variables, "AWS_SESSION_TOKEN": ""})


@contextmanager
def another_role(scene: Scene) -> Generator[Asked]:
    """Credentials of a role that was granted nothing."""
    account = scene.deployment.account
    other = account.assume(stranger(scene.deployment.declared), session=PROOF)
    yield Asked(variables=account.variables(other))


@contextmanager
def asking(scene: Scene) -> Generator[None]:
    """With all that the doctor asks permitted, as docs/access.md has it."""
    statement = [
        {"Effect": "Allow", "Action": action, "Resource": "*"}
        for action in (
            *("cloudformation:DescribeStacks", "lambda:InvokeFunction"),
            *("rds:DescribeDBInstances", "logs:FilterLogEvents", "iam:SimulatePrincipalPolicy"),
            *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"),
            *("ec2:DescribeRouteTables", "ec2:DescribeNetworkAcls"),
            "ec2:DescribeNatGateways",
        )
    ]
    with _policy(scene, "may-ask", statement):
        yield


@contextmanager
def _inline(scene: Scene, effect: str, user: str, *, server: str | None = None) -> Generator[None]:
    deployment = scene.deployment
    server = server or deployment.instance["DbiResourceId"]
    of = f"{deployment.account.region}:{deployment.account.id}"
    arn = f"arn:aws:rds-db:{of}:dbuser:{server}/{user}"
    statement = {"Effect": effect, "Action": "rds-db:connect", "Resource": arn}
    with _policy(scene, "a-fault", statement):
        yield


@contextmanager
def _policy(scene: Scene, name: str, statement: Any) -> Generator[None]:
    iam = scene.deployment.account.client("iam")
    policy = {"RoleName": scene.role, "PolicyName": name}
    document = {"Version": "2012-10-17", "Statement": statement}
    iam.put_role_policy(**policy, PolicyDocument=json.dumps(document))
    try:
        yield
    finally:
        iam.delete_role_policy(**policy)
