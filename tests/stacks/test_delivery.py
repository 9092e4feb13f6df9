import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Environment, Validations
from aws_cdk.assertions import Template
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from airflow_rds_iam.declaration.delivery import Delivery
from airflow_rds_iam.declaration.file import DeclarationError, load
from review.plugin import PACKS
from stacks.delivery import DeliveryStack
from tests.declared import dev, written
from tests.templates import Content, of_type, properties, statements

BOTH = {
    "github": {"repository": "octo-org@123456/octo-repo@456789", "diff_on_pull_requests": True},
    "gitlab": {"project": "group/project"},
}
ROLES = "arn:aws:iam::111122223333:role/cdk-hnb659fds-{}-role-111122223333-eu-central-1"
DEPLOY = [
    ROLES.format(each) for each in ("deploy", "file-publishing", "image-publishing", "lookup")
]
Synthesize = Callable[[dict[str, Any]], Content]


@pytest.fixture(scope="module")
def synthesize(new_app: Callable[[], App]) -> Synthesize:
    def template(content: dict[str, Any]) -> Content:
        stack = DeliveryStack(
            new_app(),
            "dev-delivery",
            environment="dev",
            delivery=Delivery.model_validate(content),
            env=Environment(account="111122223333", region="eu-central-1"),
        )
        return Template.from_stack(stack).to_json()

    return template


@pytest.fixture(scope="module")
def both(synthesize: Synthesize) -> Content:
    return synthesize(BOTH)


def trusts(template: Content) -> dict[str, dict[str, Any]]:
    """The condition of each role's trust, by the role's logical id less its hash."""
    return {
        name[:-8]: one["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
        for name, one in of_type(template, "AWS::IAM::Role").items()
    }


def test_the_template_is_that_of_the_snapshot(both: Content, snapshot: SnapshotAssertion) -> None:
    assert json.loads(json.dumps(both)) == snapshot.use_extension(JSONSnapshotExtension)


def test_each_role_is_given_for_one_kind_of_job_alone(both: Content) -> None:
    repository = "repo:octo-org@123456/octo-repo@456789"
    github, gitlab = "token.actions.githubusercontent.com", "gitlab.com"
    assert trusts(both) == {
        "GitHubDeploysRole": {
            "StringEquals": {
                f"{github}:aud": "sts.amazonaws.com",
                f"{github}:sub": f"{repository}:environment:dev",
                f"{github}:ref": "refs/heads/main",
            }
        },
        "GitHubReadsRole": {
            "StringEquals": {
                f"{github}:aud": "sts.amazonaws.com",
                f"{github}:sub": f"{repository}:pull_request",
            }
        },
        "GitLabDeploysRole": {
            "StringEquals": {
                f"{gitlab}:aud": "sts.amazonaws.com",
                f"{gitlab}:sub": "project_path:group/project:ref_type:branch:ref:main",
                f"{gitlab}:ref_protected": "true",
            }
        },
    }


def test_a_pipeline_may_assume_roles_of_the_bootstrap_and_no_more(both: Content) -> None:
    found = sorted((one["Action"], one["Resource"]) for one in statements(both))
    lookup = [ROLES.format("lookup")]
    assume = ["sts:AssumeRole"]
    assert found == [(assume, DEPLOY), (assume, DEPLOY), (assume, lookup)]
    for role in properties(both, "AWS::IAM::Role"):
        assert not {"ManagedPolicyArns", "Policies"} & role.keys()


def test_a_provider_takes_one_audience_and_is_made_unless_it_exists(
    both: Content, synthesize: Synthesize
) -> None:
    assert {
        one["Url"]: one["ClientIdList"] for one in properties(both, "AWS::IAM::OIDCProvider")
    } == {
        "https://token.actions.githubusercontent.com": ["sts.amazonaws.com"],
        "https://gitlab.com": ["sts.amazonaws.com"],
    }
    github = {"repository": "octo-org/octo-repo", "provider": "existing"}
    assert not of_type(synthesize({"github": github}), "AWS::IAM::OIDCProvider")


def test_the_environment_branch_and_host_are_as_declared(synthesize: Synthesize) -> None:
    content = {
        "github": {"repository": "o/r", "environment": "live", "branch": "release/1"},
        "gitlab": {"project": "a/b/c", "branch": "live", "url": "https://git.example.org/it"},
    }
    found = trusts(synthesize(content))
    github = found["GitHubDeploysRole"]["StringEquals"]
    assert github["token.actions.githubusercontent.com:sub"] == "repo:o/r:environment:live"
    assert github["token.actions.githubusercontent.com:ref"] == "refs/heads/release/1"
    # Of another GitLab, STS knows no more than these.
    assert found["GitLabDeploysRole"]["StringEquals"] == {
        "git.example.org/it:aud": "sts.amazonaws.com",
        "git.example.org/it:sub": "project_path:a/b/c:ref_type:branch:ref:live",
    }


@pytest.mark.parametrize(
    ("delivery", "says"),
    [
        ({}, "without either, leave it out"),
        ({"github": {}}, "repository: is missing"),
        *(
            ({"github": {"repository": one}}, "must be owner@id/repository@id")
            for one in ("octo-org", "octo-org/*", "octo-org@1/it", "o/r:environment:x", "o/${x}")
        ),
        *(
            ({"gitlab": {"project": "a/b", "branch": one}}, "must be the name of one branch")
            for one in ("*", "feature/*", "", "a:b", "${aws:x}")
        ),
        ({"gitlab": {"project": "group"}}, "must be the path of a project"),
        ({"gitlab": {"project": "a/b", "url": "http://git.example.org"}}, "must be where GitLab"),
    ],
)
def test_what_would_let_in_others_is_refused_in_words(
    delivery: dict[str, Any], says: str, tmp_path: Any
) -> None:
    file = written(dev({"delivery": delivery}), tmp_path / "dev.yaml")
    with pytest.raises(DeclarationError, match="delivery") as refused:
        load(file)
    assert says in str(refused.value)


def test_no_pack_of_cdk_nag_finds_anything(new_app: Callable[[], App]) -> None:
    app = new_app()
    env = Environment(account="111122223333", region="eu-central-1")
    delivery = Delivery.model_validate(BOTH)
    DeliveryStack(app, "dev-delivery", environment="dev", delivery=delivery, env=env)
    Validations.of(app).add_plugins(*(pack(app) for pack in PACKS.values()))
    app.synth()  # it raises if there is a finding
