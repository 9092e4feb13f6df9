"""The policies that templates hold and that IAM is given, as AWS takes and refuses them.

Sources: CloudFormation's schemas of the types below; IAM API reference, CreatePolicy, CreateRole.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties
from emulator.policies.kinds import Policies
from emulator.policies.principals import Principals

_OF_IDENTITIES = ("Group", "ManagedPolicy", "Policy", "Role", "User")
_OF_RESOURCES = {
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::Logs::LogGroup": "ResourcePolicyDocument",
    "AWS::Logs::ResourcePolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}
# Its policy may leave out what it stands on.
_ON_ITSELF = ("AWS::ECR::Repository",)

Check = Callable[[Any], None]


def register(emulator: Emulator) -> None:
    """Check every policy document. Before CloudFormation's own schemas, which come first then."""
    policies = Policies(
        Principals(emulator.account, lambda kind: emulator.store("iam", f"_{kind}"))
    )
    emulator.identities.refuse_policies(identity=policies.identity, trust=policies.trust)
    types = {*emulator.stacks.resource_types()}
    for name in _OF_IDENTITIES:
        if (kind := f"AWS::IAM::{name}") in types:
            emulator.stacks.check(kind, properties=_documents(policies.identity, "PolicyDocument"))
    for kind, name in _OF_RESOURCES.items():
        check = policies.on_itself if kind in _ON_ITSELF else policies.resource
        emulator.stacks.check(kind, properties=_documents(check, name))
    key = _documents(policies.key, "KeyPolicy", "MalformedPolicyDocumentException")
    emulator.stacks.check("AWS::KMS::Key", properties=key)

    def check_bucket(new: Properties, old: Properties | None) -> None:
        check = partial(policies.bucket, bucket=new["Bucket"])
        _documents(check, "PolicyDocument", "MalformedPolicy")(new, old)

    emulator.stacks.check("AWS::S3::BucketPolicy", properties=check_bucket)
    _refuse_calls(emulator, policies)


def _refuse_calls(emulator: Emulator, policies: Policies) -> None:
    """Check what the services themselves are given as IAM is, without a template."""

    def on_bucket(bucket: str, document: bytes) -> None:
        policies.bucket(document.decode(), bucket)

    def on_function(_name: str, permission: Mapping[str, Any], *_rest: Any) -> None:
        policies.permission(permission)

    on_key = _given(policies.key, "Policy")
    on_secret = _given(policies.resource, "ResourcePolicy")
    on_logs = _given(policies.resource, "policyDocument")
    for service, handler, check, code in (
        ("cloudwatch_logs", "_put_resource_policy", on_logs, "InvalidParameterException"),
        ("kms", "_create_key", on_key, "MalformedPolicyDocumentException"),
        ("kms", "_put_key_policy", on_key, "MalformedPolicyDocumentException"),
        ("lambda_svc", "_add_permission", on_function, "InvalidParameterValueException"),
        ("s3", "_put_bucket_policy", on_bucket, "MalformedPolicy"),
        ("secretsmanager", "_put_resource_policy", on_secret, "MalformedPolicyDocumentException"),
    ):
        emulator.refuse_call(service, handler, check, code)


def _given(check: Check, name: str) -> Callable[[Mapping[str, Any]], None]:
    """A check of the parameter of that name, where there is one."""

    def checked(parameters: Mapping[str, Any]) -> None:
        if document := parameters.get(name):
            check(document)

    return checked


def _documents(
    check: Check, name: str, code: str = "MalformedPolicyDocument"
) -> Callable[[Properties, Properties | None], None]:
    """A check of the property of that name, and of those of the resource's inline policies."""

    def checked(new: Properties, _old: Properties | None) -> None:
        holders: list[Mapping[str, Any]] = [new, *new.get("Policies", [])]
        for holder in holders:
            try:
                if name in holder:
                    check(holder[name])
            except ValueError as error:
                raise ValueError(f"{error} ({code})") from None

    return checked
