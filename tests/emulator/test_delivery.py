"""Who gets into the account as a pipeline: the deployed trust, asked with signed tokens."""

import time
from typing import Any

import pytest
from aws_cdk import App, Environment
from aws_cdk.assertions import Template
from botocore.exceptions import ClientError

from airflow_rds_iam.declaration.delivery import Delivery
from proof.account import Account, Credentials
from stacks.delivery import DeliveryStack
from tests.emulator.conftest import ACCOUNT, REGION, StackFailedError, Stacks, role

pytestmark = pytest.mark.slow

REPOSITORY = "repo:octo-org@123456/octo-repo@456789"
GITHUB = {
    "iss": "https://token.actions.githubusercontent.com",
    "aud": "sts.amazonaws.com",
    "sub": f"{REPOSITORY}:environment:dev",
    "ref": "refs/heads/main",
}
GITLAB = {
    "iss": "https://gitlab.com",
    "aud": "sts.amazonaws.com",
    "sub": "project_path:group/project:ref_type:branch:ref:main",
    "ref_protected": "true",
}
PULL_REQUEST = {
    **GITHUB,
    "sub": f"{REPOSITORY}:pull_request",
    "ref": "refs/pull/1/merge",
}
BOOTSTRAP = f"cdk-hnb659fds-{{}}-role-{ACCOUNT}-{REGION}"


@pytest.fixture(scope="module")
def roles(stacks: Stacks) -> dict[str, str]:
    """The ARNs of the stack's roles by the names of its outputs; beside it, the bootstrap's."""
    delivery = Delivery.model_validate(
        {
            "github": {
                "repository": "octo-org@123456/octo-repo@456789",
                "diff_on_pull_requests": True,
            },
            "gitlab": {"project": "group/project"},
        }
    )
    env = Environment(account=ACCOUNT, region=REGION)
    stack = DeliveryStack(App(), "delivery", environment="dev", delivery=delivery, env=env)
    template: dict[str, Any] = dict(Template.from_stack(stack).to_json())
    outputs = {name: one["Value"] for name, one in template["Outputs"].items()}
    made = {
        each.title().replace("-", ""): role(name=BOOTSTRAP.format(each))
        for each in ("deploy", "lookup")
    }
    stacks.deploy("bootstrap", made | {"Shop": role(name="another")})
    return stacks.deploy("delivery", template["Resources"], **outputs)


def session(account: Account, role: str, token: str) -> Credentials:
    return account.assume_by_token(role, token, session="job")


def assumes(account: Account, credentials: Credentials, name: str) -> bool:
    try:
        account.client("sts", credentials).assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName="cdk"
        )
    except ClientError as error:
        if "(AccessDenied)" not in str(error):
            raise
        return False
    return True


@pytest.mark.parametrize(
    ("output", "claims", "bootstrap"),
    [
        ("GitHubDeploysRole", GITHUB, {"deploy", "lookup"}),
        ("GitLabDeploysRole", GITLAB, {"deploy", "lookup"}),
        ("GitHubReadsRole", PULL_REQUEST, {"lookup"}),
    ],
)
def test_the_job_that_is_declared_gets_in_and_may_use_the_bootstrap_alone(
    account: Account,
    roles: dict[str, str],
    output: str,
    claims: dict[str, str],
    bootstrap: set[str],
) -> None:
    credentials = session(account, roles[output], account.web_identity_token(**claims))
    found = {
        each
        for each in ("deploy", "lookup")
        if assumes(account, credentials, BOOTSTRAP.format(each))
    }
    assert found == bootstrap
    assert not assumes(account, credentials, "another")
    with pytest.raises(ClientError, match="AccessDenied"):
        account.client("s3", credentials).list_buckets()


@pytest.mark.parametrize(
    ("output", "claims"),
    [
        ("GitHubDeploysRole", PULL_REQUEST),
        ("GitHubReadsRole", GITHUB),
        ("GitHubDeploysRole", GITLAB),
        ("GitLabDeploysRole", GITHUB),
        *(
            ("GitHubDeploysRole", GITHUB | change)
            for change in (
                {"sub": "repo:octo-org/octo-repo:environment:dev"},
                {"sub": "repo:octo-org@1/octo-repo@456789:environment:dev"},
                {"sub": f"{REPOSITORY}:environment:prod"},
                {"sub": f"{REPOSITORY}:environment:dev2"},
                {"sub": f"{REPOSITORY}:environment:Dev"},
                {"sub": f"{REPOSITORY}:ref:refs/heads/main"},
                {"sub": f"{REPOSITORY}-2:environment:dev"},
                {"ref": "refs/heads/feature"},
                {"ref": "refs/tags/main"},
                {"ref": ""},
            )
        ),
        *(
            ("GitLabDeploysRole", GITLAB | change)
            for change in (
                {"sub": "project_path:group/other:ref_type:branch:ref:main"},
                {"sub": "project_path:group/project:ref_type:tag:ref:main"},
                {"sub": "project_path:group/project:ref_type:branch:ref:feature"},
                {"ref_protected": "false"},
            )
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value['sub']} {value.get('ref')}",
)
def test_any_other_job_is_not_authorized(
    account: Account, roles: dict[str, str], output: str, claims: dict[str, str]
) -> None:
    token = account.web_identity_token(**claims)
    with pytest.raises(ClientError, match="Not authorized to perform sts:AssumeRoleWithWebIdent"):
        session(account, roles[output], token)


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        (GITHUB | {"aud": "https://github.com/octo-org"}, "Incorrect token audience"),
        (GITHUB | {"iss": "https://gitlab.example.org"}, "No OpenIDConnect provider found"),
        (GITHUB | {"exp": time.time() - 60}, "Token expired"),
    ],
    ids=["another audience", "another issuer", "expired"],
)
def test_a_token_that_is_not_for_this_account_is_refused(
    account: Account, roles: dict[str, str], claims: dict[str, Any], says: str
) -> None:
    with pytest.raises(ClientError, match=says):
        session(account, roles["GitHubDeploysRole"], account.web_identity_token(**claims))


def test_a_token_that_was_changed_or_is_signed_by_nobody_is_refused(
    account: Account, roles: dict[str, str]
) -> None:
    header, _, signature = account.web_identity_token(**PULL_REQUEST).split(".")
    _, payload, _ = account.web_identity_token(**GITHUB).split(".")
    for token in (f"{header}.{payload}.{signature}", f"{header}.{payload}.", "no.token.atall"):
        with pytest.raises(ClientError, match="InvalidIdentityToken"):
            session(account, roles["GitHubDeploysRole"], token)


def test_an_account_has_one_provider_of_an_address(stacks: Stacks, roles: dict[str, str]) -> None:
    provider = {
        "Type": "AWS::IAM::OIDCProvider",
        "Properties": {"Url": GITHUB["iss"], "ClientIdList": ["sts.amazonaws.com"]},
    }
    with pytest.raises(StackFailedError, match="already exists"):
        stacks.deploy("another", {"Provider": provider})
