"""The local AWS decides as the review's evaluator does, of policies that are generated.

Two that read IAM's rules by themselves: where they differ, one of them reads them wrongly.
"""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from proof.account import Account
from review.iam.context import Context
from review.iam.decision import Answer, Policies, Request, decide
from review.iam.policy import Source, policy
from review.iam.principals import Principal
from tests.emulator.conftest import ACCOUNT, REGION

USERS = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:"
RESOURCES = (f"{USERS}db-A/reader", f"{USERS}db-B/reader", f"{USERS}db-A/writer")
ACTIONS = ("rds-db:connect", "RDS-DB:Connect", "rds-db:*", "rds-db:c?nnect", "rds:*", "iam:*", "*")
PATTERNS = (
    *RESOURCES,
    f"{USERS}*",
    f"{USERS}db-A/*",
    f"{USERS}*/reader",
    f"{USERS}db-?/reader",
    f"arn:aws:rds-db:*:{ACCOUNT}:dbuser:*/*",
    f"arn:aws:rds:{REGION}:{ACCOUNT}:db:*",
    "*",
)
KEYS = {"aws:PrincipalTag/team": "data", "aws:SecureTransport": "true", "aws:SourceIp": "10.0.0.5"}
CONDITIONS: tuple[dict[str, dict[str, Any]], ...] = (
    {"StringEquals": {"aws:PrincipalTag/team": ["data", "x"]}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "data"}},
    {"StringLike": {"aws:principaltag/team": "d*"}},
    {"StringEqualsIfExists": {"aws:PrincipalTag/other": "x"}},
    {"StringEquals": {"aws:PrincipalTag/other": "x"}},
    {"StringNotEquals": {"aws:PrincipalTag/other": "x"}},
    {"Null": {"aws:PrincipalTag/other": "true"}},
    {"Null": {"aws:PrincipalTag/team": "true"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": "x"}},
)


def listed(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)


@st.composite
def statements(draw: st.DrawFn) -> dict[str, Any]:
    condition = draw(st.sampled_from((*[None] * 8, *CONDITIONS)))
    return {
        "Effect": draw(st.sampled_from(("Allow", "Allow", "Deny"))),
        draw(st.sampled_from(("Action", "Action", "NotAction"))): draw(listed(ACTIONS)),
        draw(st.sampled_from(("Resource", "Resource", "NotResource"))): draw(listed(PATTERNS)),
        **({"Condition": condition} if condition else {}),
    }


@settings(max_examples=25, derandomize=True)
@given(st.lists(statements(), min_size=1, max_size=3))
@example([{"Effect": "Allow", "Action": "rds-db:connect", "Resource": RESOURCES[0]}])
@example([{"Effect": "Allow", "NotAction": "iam:*", "NotResource": RESOURCES[0]}])
def test_both_say_the_same_of_each_user(account: Account, listed: list[dict[str, Any]]) -> None:
    document = {"Version": "2012-10-17", "Statement": listed}
    answer = account.client("iam").simulate_custom_policy(
        PolicyInputList=[json.dumps(document)],
        ActionNames=["rds-db:connect"],
        ResourceArns=list(RESOURCES),
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in KEYS.items()
        ],
    )
    simulated = {
        one["EvalResourceName"]: one["EvalDecision"] == "allowed"
        for one in answer["EvaluationResults"]
    }
    for resource in RESOURCES:
        request = Request(
            principal=Principal(arn=f"arn:aws:iam::{ACCOUNT}:role/any", account=ACCOUNT),
            action="rds-db:connect",
            resource=resource,
            context=Context(KEYS, complete=True),
        )
        said = decide(request, Policies(identity=[policy(document, Source())])).answer
        if said is not Answer.UNKNOWN:
            assert simulated[resource] is (said is Answer.ALLOWED), (resource, said)
