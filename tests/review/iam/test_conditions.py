from typing import Any

import pytest

from review.iam.conditions import hold
from review.iam.context import Context
from review.iam.matching import token
from review.iam.truth import NO, UNKNOWN, YES, Truth

ORG = "aws:PrincipalOrgID"
TAGS = "aws:TagKeys"


@pytest.mark.parametrize(
    ("conditions", "values", "expected"),
    [
        ({"StringEquals": {ORG: "o-1"}}, {ORG: "o-1"}, YES),
        ({"StringEquals": {ORG: ["o-1", "o-2"]}}, {ORG: "o-2"}, YES),
        ({"StringEquals": {ORG: "o-*"}}, {ORG: "o-1"}, NO),
        ({"StringLike": {ORG: "o-*"}}, {ORG: "o-1"}, YES),
        ({"StringNotLike": {ORG: "o-*"}}, {ORG: "o-1"}, NO),
        ({"StringEquals": {ORG: "o-1"}}, {}, NO),
        ({"StringEquals": {ORG.lower(): "o-1"}}, {ORG: "o-1"}, YES),
        ({"StringNotEquals": {ORG: "o-1"}}, {}, YES),
        ({"StringNotEquals": {ORG: ["o-1", "o-2"]}}, {ORG: "o-2"}, NO),
        ({"StringEqualsIfExists": {ORG: "o-1"}}, {}, YES),
        ({"StringEqualsIfExists": {ORG: "o-1"}}, {ORG: "o-2"}, NO),
        ({"StringEqualsIgnoreCase": {ORG: "O-1"}}, {ORG: "o-1"}, YES),
        ({"StringEquals": {ORG: "o-1"}, "Bool": {"aws:SecureTransport": "true"}},
         {ORG: "o-1", "aws:SecureTransport": "false"}, NO),
        ({"Bool": {"aws:SecureTransport": True}}, {"aws:SecureTransport": "true"}, YES),
        ({"Null": {ORG: "true"}}, {}, YES),
        ({"Null": {ORG: "false"}}, {}, NO),
        ({"Null": {ORG: "false"}}, {ORG: "o-1"}, YES),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": "9"}, YES),
        ({"NumericGreaterThanEquals": {"s3:max-keys": 10}}, {"s3:max-keys": "9"}, NO),
        ({"DateLessThan": {"aws:CurrentTime": "2026-12-01T00:00:00Z"}},
         {"aws:CurrentTime": "2026-11-25T12:00:00Z"}, YES),
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-12-01"}},
         {"aws:CurrentTime": "2026-11-25T12:00:00Z"}, NO),
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
         {"aws:SourceIp": "192.0.2.7"}, YES),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"aws:SourceIp": "10.1.2.3"}, NO),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:airflow:*:*:environment/*"}},
         {"aws:SourceArn": "arn:aws:airflow:eu-central-1:111122223333:environment/dev"}, YES),
        # Unlike a string's, an ARN's wildcard stays within its part.
        ({"ArnLike": {"aws:SourceArn": "arn:aws:airflow:*:environment/dev"}},
         {"aws:SourceArn": "arn:aws:airflow:eu-central-1:111122223333:environment/dev"}, NO),
        ({"ForAllValues:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: ["a", "b"]}, YES),
        ({"ForAllValues:StringEquals": {TAGS: ["a"]}}, {TAGS: ["a", "b"]}, NO),
        ({"ForAllValues:StringEquals": {TAGS: ["a"]}}, {}, YES),
        ({"ForAnyValue:StringEquals": {TAGS: ["a"]}}, {TAGS: ["a", "b"]}, YES),
        ({"ForAnyValue:StringEquals": {TAGS: ["c"]}}, {TAGS: ["a", "b"]}, NO),
        ({"ForAnyValue:StringEquals": {TAGS: ["a"]}}, {}, NO),
        ({"ForAnyValue:StringNotEquals": {TAGS: ["a"]}}, {}, NO),
        ({"ForAnyValue:StringNotEquals": {TAGS: ["a"]}}, {TAGS: ["a", "b"]}, YES),
        ({"ForAllValues:StringNotEquals": {TAGS: ["c"]}}, {TAGS: ["a", "b"]}, YES),
        ({"StringEquals": {ORG: "${aws:ResourceOrgID}"}},
         {ORG: "o-1", "aws:ResourceOrgID": "o-1"}, YES),
        ({"StringEquals": {ORG: token("Parameter", kind="?")}}, {ORG: "o-1"}, UNKNOWN),
        ({"NumericLessThan": {ORG: token("Parameter", kind="?")}}, {ORG: "1"}, UNKNOWN),
        ({"SomethingNew": {ORG: "o-1"}}, {ORG: "o-1"}, UNKNOWN),
        ({}, {}, YES),
    ],
)  # fmt: skip
def test_a_condition_is_read_as_aws_documents_it(
    conditions: dict[str, Any], values: dict[str, Any], expected: Truth
) -> None:
    assert hold(conditions, Context(values, complete=True)) is expected


@pytest.mark.parametrize(
    "name", ["StringEquals", "StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringLike"]
)
def test_of_a_key_that_is_not_known_nothing_is_said(name: str) -> None:
    assert hold({name: {ORG: "o-1"}}, Context()) is UNKNOWN
    known = Context({ORG: "o-1"})
    assert hold({name: {TAGS: "a"}, "StringLike": {ORG: "o-*"}}, known) is UNKNOWN


def test_what_surely_fails_decides_whatever_else_is_not_known() -> None:
    conditions = {"StringEquals": {ORG: "o-1"}, "Bool": {"aws:SecureTransport": "true"}}
    assert hold(conditions, Context({"aws:SecureTransport": "false"})) is NO
