"""What is deployed stands in the templates, and nothing is put in at deploy."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from review.guardrails.subject import Subject, Violation
from review.templates.assembly import NESTED, Resource

# What deploys templates that are not in the assembly.
DEPLOYING = (
    "AWS::CloudFormation::StackSet",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
)
# What has an instance begin with the data, roles and users of another.
BEGINNING_WITH = (
    "DBSnapshotIdentifier", "DBClusterSnapshotIdentifier", "SnapshotIdentifier",
    "SourceDBInstanceIdentifier", "SourceDBClusterIdentifier", "SourceDbiResourceId",
    "SourceDBInstanceAutomatedBackupsArn", "RestoreType", "RestoreTime",
    "UseLatestRestorableTime",
)  # fmt: skip
CUSTOM = ("AWS::CloudFormation::CustomResource", "Custom::")


def violations(subject: Subject) -> Iterator[Violation]:
    """Each place where a template does not say what comes of it."""
    assembly = subject.access.assembly
    for stack in assembly.stacks:
        if transform := stack.template.get("Transform"):
            yield Violation(message=f"the macro {transform} rewrites the template of {stack.name}")
        resources: Mapping[str, Any] = stack.template.get("Resources", {})
        for logical_id, content in resources.items():
            if _by_a_macro({logical_id: content}) or not isinstance(content.get("Type"), str):
                yield Violation(
                    message=f"a macro writes a part of {stack.name}/{logical_id}",
                    resource=subject.resource(stack.name, logical_id),
                )
        if _by_a_macro({key: one for key, one in stack.template.items() if key != "Resources"}):
            yield Violation(message=f"a macro writes a part of the template of {stack.name}")
    nested = {one.name for one in assembly.stacks if one.parent}
    functions = {one.attribute("Arn") for one in assembly.of_type("AWS::Lambda::Function")}
    for one in assembly.resources:
        for wrong in _wrong(one, nested, functions):
            yield Violation(message=f"{one.place} {wrong}", resource=one)


def _by_a_macro(part: Mapping[str, Any]) -> bool:
    text = json.dumps(part)
    return '"Fn::Transform"' in text or '"Fn::ForEach::' in text


def _wrong(one: Resource, nested: set[str], functions: set[str]) -> Iterator[str]:
    if one.type in DEPLOYING or (one.type == NESTED and one.place not in nested):
        yield "deploys a template that is not in the assembly"
    elif one.type.startswith(CUSTOM):
        if str(one.properties.get("ServiceToken")) not in functions:
            yield "is made by something that is not in these templates"
        if isinstance(one.properties.get("Databases"), str):
            yield "has users whom the templates do not say"
    elif one.type in ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"):
        for name in BEGINNING_WITH:
            if one.properties.get(name):
                yield f"begins with the users of another server ({name})"
    elif not one.type.startswith(("AWS::", "Alexa::")) or one.type.endswith("::MODULE"):
        yield f"is a {one.type}, of which nothing is known"
