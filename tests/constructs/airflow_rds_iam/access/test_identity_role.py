"""Who gets in by the role of an identity, and who does not, as IAM would evaluate its trust."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from aws_cdk import Stack

from airflow_rds_iam.access.identity_role import identity_role
from airflow_rds_iam.declaration.identities import Identity
from airflow_rds_iam.declaration.policies import trust_characters
from review.iam.context import Context
from review.iam.decision import Answer, Policies, Request, decide
from review.iam.policy import Source, policy
from review.iam.principals import Principal
from tests.templates import properties, synthesized

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/made"
OKTA = "example.okta.com/oauth2/default"
CLUSTER = "oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C"
AIRFLOW = f"arn:aws:iam::{ACCOUNT}:role/airflow/tasks"
BATCH = f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/batch"
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"


@dataclass(frozen=True, kw_only=True)
class Taking:
    """One who takes the role."""

    principal: Principal
    action: str
    context: Mapping[str, str]


def provider(host: str) -> Principal:
    return Principal(federated=f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}", account=ACCOUNT)


def token(host: str, audience: str, subject: str, **more: str) -> Taking:
    context = {f"{host}:aud": audience, f"{host}:sub": subject, **more}
    return Taking(principal=provider(host), action=WEB_IDENTITY, context=context)


SOURCE = {"sts:SourceIdentity": "ann"}
KINDS: dict[str, tuple[dict[str, Any], Taking]] = {
    "another account": (
        {
            "other_account": {
                "role_arn": "arn:aws:iam::444455556666:role/etl",
                "external_id": "agreed",
            }
        },
        Taking(
            principal=Principal(arn="arn:aws:iam::444455556666:role/etl", account="444455556666"),
            action="sts:AssumeRole",
            context={"sts:ExternalId": "agreed"},
        ),
    ),
    "people by OpenID Connect": (
        {
            "oidc": {
                "issuer": f"https://{OKTA}",
                "audience": "warehouse",
                "subjects": ["bob@example.com", "ann@example.com"],
            }
        },
        token(OKTA, "warehouse", "ann@example.com", **SOURCE),
    ),
    "a job by OpenID Connect": (
        {
            "oidc": {
                "issuer": "https://gitlab.com",
                "audience": "warehouse",
                "subjects": ["project_path:group/etl:ref_type:branch:ref:main"],
                "source_identity": False,
            }
        },
        token("gitlab.com", "warehouse", "project_path:group/etl:ref_type:branch:ref:main"),
    ),
    "people of Google Workspace": (
        {
            "oidc": {
                "issuer": "https://accounts.google.com",
                "audience": "warehouse.example.com",
                "subjects": ["104857600000000000001"],
                "source_identity": False,
            }
        },
        # IAM knows it by itself, and `aud` is what it calls the token's `azp`.
        Taking(
            principal=Principal(federated="accounts.google.com", account=ACCOUNT),
            action=WEB_IDENTITY,
            context={
                "accounts.google.com:oaud": "warehouse.example.com",
                "accounts.google.com:sub": "104857600000000000001",
            },
        ),
    ),
    "people by SAML": (
        {
            "saml": {
                "provider_arn": f"arn:aws:iam::{ACCOUNT}:saml-provider/okta",
                "subjects": ["ann@example.com"],
            }
        },
        Taking(
            principal=Principal(
                federated=f"arn:aws:iam::{ACCOUNT}:saml-provider/okta", account=ACCOUNT
            ),
            action="sts:AssumeRoleWithSAML",
            context={
                "SAML:aud": "https://signin.aws.amazon.com/saml",
                "SAML:sub": "ann@example.com",
                **SOURCE,
            },
        ),
    ),
    "a service account by IRSA": (
        {
            "kubernetes": {
                "namespace": "etl",
                "service_account": "loader",
                "issuer": f"https://{CLUSTER}",
            }
        },
        token(CLUSTER, "sts.amazonaws.com", "system:serviceaccount:etl:loader"),
    ),
    "tasks of Airflow": (
        {"task_role": True},
        Taking(
            principal=Principal(arn=AIRFLOW, account=ACCOUNT),
            action="sts:AssumeRole",
            context={"sts:RoleSessionName": "airflow-invoices"},
        ),
    ),
    "a service account by Pod Identity": (
        {"kubernetes": {"namespace": "etl", "service_account": "loader", "cluster": "batch"}},
        Taking(
            principal=Principal(service="pods.eks.amazonaws.com"),
            action="sts:AssumeRole",
            context={
                "aws:SourceAccount": ACCOUNT,
                "aws:RequestTag/eks-cluster-arn": BATCH,
                "aws:RequestTag/kubernetes-namespace": "etl",
                "aws:RequestTag/kubernetes-service-account": "loader",
            },
        ),
    ),
}

Trusts = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def trusts(new_stack: Callable[[], Stack]) -> Trusts:
    """The trust of a role of each kind."""
    stack = new_stack()
    for number, (kind, (declared, _)) in enumerate(KINDS.items()):
        identity = Identity.model_validate(declared)
        identity_role(
            stack,
            kind,
            identity,
            name="invoices",
            role_name=f"dev-{number}",
            execution_role_arn=AIRFLOW,
        )
    made = properties(synthesized(stack), "AWS::IAM::Role")
    return dict(zip(KINDS, (one["AssumeRolePolicyDocument"] for one in made), strict=True))


def answer(trust: Mapping[str, Any], taking: Taking) -> Answer:
    """What IAM says where whoever asks may do all that their own account lets them."""
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    elsewhere = taking.principal.account not in ("", ACCOUNT)
    return decide(
        Request(
            principal=taking.principal,
            action=taking.action,
            resource=ROLE,
            context=Context(taking.context, complete=True),
        ),
        Policies(
            identity=[policy(everything, Source(stack="", logical_id=""))] if elsewhere else [],
            resource=[policy(trust, Source(stack="", logical_id=""))],
            resource_account=ACCOUNT,
            resource_decides=True,
        ),
    ).answer


def others(taking: Taking) -> Iterator[tuple[str, Taking]]:
    """Whoever differs from ``taking`` in one thing."""
    for key, value in taking.context.items():
        rest = {name: one for name, one in taking.context.items() if name != key}
        yield f"without {key}", replace(taking, context=rest)
        if key not in SOURCE:
            yield f"another {key}", replace(taking, context={**rest, key: f"{value}x"})
            yield f"shorter {key}", replace(taking, context={**rest, key: value[:-1]})
            yield f"wild {key}", replace(taking, context={**rest, key: "*"})
    who = taking.principal
    for field in ("arn", "federated", "service"):
        if named := getattr(who, field):
            another = replace(taking, principal=replace(who, **{field: f"{named}x"}))
            yield f"another {field}", another
    yield (
        "somebody of this account",
        replace(taking, principal=Principal(arn=f"arn:aws:iam::{ACCOUNT}:role/x", account=ACCOUNT)),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_declared_gets_in(kind: str, trusts: Trusts) -> None:
    assert answer(trusts[kind], KINDS[kind][1]) is Answer.ALLOWED


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_differs_in_one_thing_does_not(kind: str, trusts: Trusts) -> None:
    let_in = [
        how for how, one in others(KINDS[kind][1]) if answer(trusts[kind], one) != Answer.DENIED
    ]
    assert let_in == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_trust_has_a_wildcard_or_more_than_one_principal(kind: str, trusts: Trusts) -> None:
    statements = trusts[kind]["Statement"]
    assert len({str(one["Principal"]) for one in statements}) == 1
    assert not {"*", "?", "$"} & set(str(statements))


def test_a_trust_in_a_provider_has_as_many_characters_as_the_declaration_is_told(
    trusts: Trusts,
) -> None:
    counted = 0
    for kind, (declared, _) in KINDS.items():
        identity = Identity.model_validate(declared)
        if identity.oidc or identity.saml:
            text = json.dumps(trusts[kind], separators=(",", ":"))
            # The partition whose name is longest.
            made = re.sub(r"arn:aws(:iam::[0-9]+:oidc-provider)", r"arn:aws-us-gov\1", text)
            assert len(made) == trust_characters(identity), made
            counted += 1
    assert counted == 4


def test_an_identity_with_a_role_has_none_made(new_stack: Callable[[], Stack]) -> None:
    existing = Identity.model_validate({"role_arn": f"arn:aws:iam::{ACCOUNT}:role/shop"})
    with pytest.raises(ValueError, match="an identity that has none"):
        identity_role(
            new_stack(),
            "Role",
            existing,
            name="shop",
            role_name="dev-shop",
            execution_role_arn=AIRFLOW,
        )
