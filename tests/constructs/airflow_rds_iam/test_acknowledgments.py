from collections.abc import Callable

import pytest
from aws_cdk import App, Aws, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from airflow_rds_iam.acknowledgments import acknowledge, acknowledge_wildcard


def synthesize(stack: Stack) -> None:
    app = stack.node.root
    assert isinstance(app, App)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


def reader(stack: Stack) -> tuple[iam.Role, str]:
    """A role that may read whatever is in a bucket, and that resource."""
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", f"files-{Aws.REGION}")
    service = iam.ServicePrincipal("lambda.amazonaws.com")
    role = iam.Role(stack, "Role", assumed_by=service)  # pyright: ignore[reportArgumentType]
    resource = bucket.arn_for_objects("*")
    role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[resource]))
    return role, resource


def test_a_wildcard_stops_the_synthesis(new_stack: Callable[[], Stack]) -> None:
    stack = new_stack()
    reader(stack)
    with pytest.raises(RuntimeError, match="Stack/Role/DefaultPolicy/Resource"):
        synthesize(stack)


def test_a_wildcard_that_is_acknowledged_does_not(new_stack: Callable[[], Stack]) -> None:
    stack = new_stack()
    role, resource = reader(stack)
    acknowledge_wildcard(role, "Resource", resource, reason="It reads every file.")
    synthesize(stack)


def test_a_wildcard_beside_the_acknowledged_one_still_stops_it(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    role, resource = reader(stack)
    role.add_to_policy(iam.PolicyStatement(actions=["s3:PutObject"], resources=["*"]))
    acknowledge_wildcard(role, "Resource", resource, reason="It reads every file.")
    with pytest.raises(RuntimeError, match="Stack/Role/DefaultPolicy/Resource"):
        synthesize(stack)


def test_a_finding_is_acknowledged_on_one_construct_alone(new_stack: Callable[[], Stack]) -> None:
    stack = new_stack()
    one = s3.Bucket(stack, "One", enforce_ssl=True)
    s3.Bucket(stack, "Other", enforce_ssl=True)
    acknowledge(one, "AwsSolutions-S1", reason="It is the access log.")
    with pytest.raises(RuntimeError, match="Stack/Other/Resource") as caught:
        synthesize(stack)
    assert "Stack/One/Resource" not in str(caught.value)


def test_nothing_stops_it_once_every_finding_is_acknowledged(
    new_stack: Callable[[], Stack],
) -> None:
    stack = new_stack()
    bucket = s3.Bucket(stack, "One", enforce_ssl=True)
    acknowledge(bucket, "AwsSolutions-S1", reason="It is the access log.")
    synthesize(stack)
