"""The trust of a role that is made for an identity: as declared, and with one thing changed."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import pytest

from airflow_rds_iam.declaration.model import Declaration
from review.declared import Declared, declared
from review.guardrails.rules import broken
from review.guardrails.subject import Subject
from review.matrix.build import matrix
from review.templates.access import Access
from review.templates.assembly import of_templates
from tests.application import templates
from tests.declared import dev
from tests.kinds import KINDS
from tests.review.guardrails.test_rules import TODAY

Templates = dict[str, dict[str, Any]]
Change = Callable[[dict[str, Any]], object]
OF_ALARMS = ("alarms-tell-somebody",)
CONTENT = dev({"identities": {**dev()["identities"], **KINDS}})
CONTENT["instances"]["warehouse"]["databases"]["payroll"]["read"] = [*KINDS]


@pytest.fixture(scope="module")
def as_declared(synthesized: Callable[[dict[str, Any]], Path]) -> Templates:
    return templates(synthesized(CONTENT))


@pytest.fixture(scope="module")
def given() -> Declared:
    return declared(Declaration.model_validate(CONTENT), environment="dev")


def messages(found: Templates, given: Declared) -> list[str]:
    """What the guardrails say that is broken."""
    access = Access(of_templates(found), given.arns_by_role)
    subject = Subject(access, given, matrix(access, given), TODAY)
    return [one.violation.message for one in broken(subject) if one.rule not in OF_ALARMS]


def trust(found: Templates, identity: str) -> dict[str, Any]:
    """The first statement of the trust of an identity's role."""
    [role] = [
        one["Properties"]
        for one in found["dev-access"]["Resources"].values()
        if one["Type"] == "AWS::IAM::Role" and one.get("Metadata", {}).get("Identity") == identity
    ]
    return role["AssumeRolePolicyDocument"]["Statement"][0]


def test_what_is_declared_breaks_nothing(as_declared: Templates, given: Declared) -> None:
    assert messages(as_declared, given) == []


def test_each_kind_has_its_name_and_its_access_in_the_matrix(
    as_declared: Templates, given: Declared
) -> None:
    found = matrix(Access(of_templates(as_declared), given.arns_by_role), given)
    rows = {row.identity: row for row in found.rows if row.database == "payroll"}
    assert {*KINDS} <= rows.keys()
    assert all(rows[kind].iam == "allowed" and rows[kind].trust for kind in KINDS)
    assert found.disagreements == []


CHANGES: list[tuple[str, Change, str]] = [
    ("partner", lambda one: one.pop("Condition"), "whatever sts:ExternalId is"),
    (
        "partner",
        lambda one: one["Principal"].update(AWS="arn:aws:iam::444455556666:root"),
        "to AWS arn:aws:iam::444455556666:root, which is not declared",
    ),
    ("partner", lambda one: one["Principal"].update(AWS="*"), "to AWS *, which is not declared"),
    (
        "partner",
        lambda one: one["Condition"].update(
            StringLike=one["Condition"].pop("StringEquals") and {"sts:ExternalId": "*"}
        ),
        "whatever sts:ExternalId is",
    ),
    (
        "people",
        lambda one: _exact(one, ":sub").append("eve@example.com"),
        "where example.okta.com/oauth2/default:sub is eve@example.com, which is not declared",
    ),
    ("people", lambda one: _drop(one, ":aud"), "whatever example.okta.com/oauth2/default:aud is"),
    ("people", lambda one: one["Condition"].pop("Null"), "does not name the person"),
    ("people", lambda one: one.update(Action=["sts:*"]), "for sts:*"),
    ("staff", lambda one: _drop(one, "SAML:sub"), "whatever SAML:sub is"),
    ("pods", lambda one: _drop(one, "kubernetes-namespace"), "kubernetes-namespace is"),
    ("pods", lambda one: _drop(one, "SourceAccount"), "whatever aws:SourceAccount is"),
    (
        "pods",
        lambda one: _set(one, "SourceAccount", "444455556666"),
        "where aws:SourceAccount is 444455556666",
    ),
    (
        "pods",
        lambda one: _set(
            one, "eks-cluster-arn", "arn:aws:eks:eu-central-1:111122223333:cluster/other"
        ),
        "where aws:RequestTag/eks-cluster-arn is arn:aws:eks:eu-central-1:111122223333:cluster/oth",
    ),
    (
        "loader",
        lambda one: _exact(one, ":sub").append("system:serviceaccount:*:loader"),
        "where oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C:sub is system:serviceaccount:*:loader",
    ),
    (
        "loader",
        lambda one: one["Principal"].update(
            Federated="arn:aws:iam::111122223333:oidc-provider/gitlab.com"
        ),
        "oidc-provider/gitlab.com, which is not declared",
    ),
]


def _exact(one: dict[str, Any], key: str) -> list[str]:
    return next(value for name, value in one["Condition"]["StringEquals"].items() if key in name)


def _drop(one: dict[str, Any], key: str) -> None:
    exact = one["Condition"]["StringEquals"]
    del exact[next(name for name in exact if key in name)]


def _set(one: dict[str, Any], key: str, value: Any) -> None:
    exact = one["Condition"]["StringEquals"]
    exact[next(name for name in exact if key in name)] = value


@pytest.mark.first(4)
@pytest.mark.parametrize(("identity", "change", "message"), CHANGES)
def test_a_trust_beyond_what_is_declared_is_named(
    as_declared: Templates, given: Declared, identity: str, change: Change, message: str
) -> None:
    found = deepcopy(as_declared)
    change(trust(found, identity))
    said = [one for one in messages(found, given) if one.startswith(identity)]
    assert any(message in one for one in said), said


def test_a_second_role_that_says_it_is_an_identitys_is_undeclared(
    as_declared: Templates, given: Declared
) -> None:
    found = deepcopy(as_declared)
    resources = found["dev-access"]["Resources"]
    logical_id, role = next(
        (logical_id, one)
        for logical_id, one in resources.items()
        if one.get("Metadata", {}).get("Identity") == "partner"
    )
    resources["Copy"] = deepcopy(role)
    policy = next(
        one
        for one in resources.values()
        if one["Type"] == "AWS::IAM::ManagedPolicy"
        and {"Ref": logical_id} in one["Properties"].get("Roles", [])
    )
    policy["Properties"]["Roles"].append({"Ref": "Copy"})
    access = Access(of_templates(found), given.arns_by_role)
    assert matrix(access, given).disagreements != []


OPERATORS = ("StringLike", "StringEqualsIgnoreCase", "StringEqualsIfExists", "StringNotEquals",
             "ForAnyValue:StringEquals", "ForAllValues:StringEquals")  # fmt: skip
ACTIONS: tuple[Any, ...] = ("*", "sts:*", ["sts:AssumeRole", "sts:AssumeRoleWithSAML"])
PRINCIPALS: tuple[Any, ...] = (
    "*", {"AWS": "*"}, {"AWS": "arn:aws:iam::444455556666:root"}, {"AWS": "111122223333"},
    {"AWS": {"Ref": "Given"}}, {"Service": "ec2.amazonaws.com"}, {"CanonicalUser": "x"},
    {"Federated": "cognito-identity.amazonaws.com"},
    {"Federated": "arn:aws:iam::111122223333:oidc-provider/accounts.google.com"},
    {"Federated": "arn:aws:iam::111122223333:saml-provider/other"},
)  # fmt: skip


def changes(statement: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statement of a trust with one thing changed that lets in somebody else."""
    conditions: dict[str, dict[str, Any]] = statement["Condition"]
    exact = conditions["StringEquals"]

    def under(**operators: dict[str, Any]) -> dict[str, Any]:
        kept = {name: keys for name, keys in conditions.items() if name != "StringEquals"}
        return {**statement, "Condition": {**kept, **operators}}

    for name in conditions:
        others = {one: keys for one, keys in conditions.items() if one != name}
        yield f"without {name}", {**statement, "Condition": others}
    for operator in OPERATORS:
        yield operator, under(**{operator: exact})
    for key, value in exact.items():
        others = {one: other for one, other in exact.items() if one != key}
        listed = cast("list[Any]", value) if isinstance(value, list) else [value]
        yield f"without {key}", under(StringEquals=others)
        yield f"{key} like all", under(StringEquals=others, StringLike={key: "*"})
        yield f"another key than {key}", under(StringEquals={**others, "sts:Never": value})
        for other in ("*", "other", "${aws:PrincipalTag/x}", [*listed, "other"]):
            yield f"{key} {other}", under(StringEquals={**others, key: other})
    for action in ACTIONS:
        yield f"action {action}", {**statement, "Action": action}
    for principal in PRINCIPALS:
        yield f"principal {principal}", {**statement, "Principal": principal}
    for element in ("Action", "Principal"):
        others = {one: value for one, value in statement.items() if one != element}
        yield f"Not{element}", {**others, f"Not{element}": statement[element]}


@pytest.mark.slow
@pytest.mark.parametrize("identity", [kind for kind in KINDS if kind != "analyst"])
def test_whatever_opens_a_trust_is_named(
    as_declared: Templates, given: Declared, identity: str
) -> None:
    missed: list[str] = []
    tried = list(changes(trust(as_declared, identity)))
    assert len(tried) > 25
    for how, changed in tried:
        found = deepcopy(as_declared)
        statement = trust(found, identity)
        statement.clear()
        statement.update(deepcopy(changed))
        if not messages(found, given):
            missed.append(how)
    assert missed == []
