"""What the declaration's check of Airflow's policies supposes of their sizes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from airflow_rds_iam.declaration.policies import (
    EMPTY_POLICY,
    LOGIN_POLICY,
    LOGIN_STATEMENT,
    LOOKUP,
    LOOKUP_POLICY,
    OWN_POLICIES,
)
from tests.application import CdkOut, templates
from tests.templates import Content, of_type

LONGEST_NAME = 80
"""Characters of an Airflow environment's name; the sample's is prod."""

# At its longest, what is known when it is deployed, by a part of its name in the template.
DEPLOYED = {
    "ResourceId": "db-" + "A" * 26,
    "Key": "arn:aws:kms:eu-central-1:111122223333:key/" + "k" * 36,
    "Bucket": "arn:aws:s3:::" + "b" * 63,
    "Secret": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:"
    "airflow/prod/connections/-AbCdEf",
}


def longest(value: Any) -> Any:
    """``value`` with a text in place of each function, at its longest."""
    if isinstance(value, list):
        return [longest(one) for one in cast("list[Any]", value)]
    if not isinstance(value, Mapping):
        return value
    within = cast("Mapping[str, Any]", value)
    if "Fn::Join" in within:
        separator, parts = within["Fn::Join"]
        return separator.join(map(longest, parts))
    if any(name == "Ref" or name.startswith("Fn::") for name in within):
        [text] = [text for name, text in DEPLOYED.items() if name in str(within)]
        return text
    return {name: longest(one) for name, one in within.items()}


def sizes(template: Content, resource_type: str, beginning: str) -> Iterator[tuple[int, Any]]:
    """The characters that IAM counts of each such policy, and its statements."""
    for logical_id, policy in of_type(template, resource_type).items():
        if logical_id.startswith(beginning):
            document = longest(policy["Properties"]["PolicyDocument"])
            text = json.dumps(document, separators=(",", ":"))
            # The partition and the region whose names are longest together.
            text = text.replace("arn:aws:", "arn:aws-us-gov:").replace(
                "eu-central-1", "us-gov-east-1"
            )
            yield len(text), document["Statement"]


def test_airflows_role_has_no_more_before_any_login(cdk_out: CdkOut) -> None:
    template = templates(cdk_out("prod"))["prod-airflow"]
    [(size, statements)] = sizes(template, "AWS::IAM::Policy", "AirflowExecutionRole")
    named = json.dumps(statements).count("prod")
    own = size + named * (LONGEST_NAME - len("prod"))
    assert OWN_POLICIES - 100 < own <= OWN_POLICIES


def test_a_login_has_that_many_characters_beside_its_users_name(cdk_out: CdkOut) -> None:
    template = templates(cdk_out("prod"))["prod-access"]
    found = [*sizes(template, "AWS::IAM::Policy", "Loginwarehouse")]
    assert found
    for size, [statement] in found:
        assert size - len(statement["Resource"].rpartition("/")[2]) == LOGIN_POLICY


def test_a_connections_lookup_has_that_many_beside_its_names(cdk_out: CdkOut) -> None:
    template = templates(cdk_out("prod"))["prod-access"]
    [(size, [statement])] = sizes(template, "AWS::IAM::ManagedPolicy", "Connections")
    count = len(statement["Resource"])
    assert size == LOOKUP_POLICY + count * (LOOKUP + len("airflow/prod/connections")) - len(",")


def test_a_managed_policy_has_that_many_beside_its_statements_names(cdk_out: CdkOut) -> None:
    template = templates(cdk_out("prod"))["prod-access"]
    found = [*sizes(template, "AWS::IAM::ManagedPolicy", "Identity")]
    assert found
    for size, statements in found:
        users = [one["Resource"].rpartition("/")[2] for one in statements]
        names = sum(map(len, [*users, *(one["Sid"] for one in statements)]))
        assert size == EMPTY_POLICY + LOGIN_STATEMENT * len(statements) + names - len(",")
