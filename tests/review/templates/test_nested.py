"""A stack nested in another is read with the parameters that it is given."""

from pathlib import Path
from typing import Any

from aws_cdk import App, NestedStack, Stack
from aws_cdk import aws_iam as iam

from review.templates.access import Access
from review.templates.assembly import read


def role(scope: Any, name: str) -> iam.Role:
    return iam.Role(scope, name, assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))  # pyright: ignore[reportArgumentType]


def test_what_a_nested_stack_gives_is_found_by_the_role_that_it_gives_it_to(
    tmp_path: Path,
) -> None:
    app = App(outdir=str(tmp_path))
    stack = Stack(app, "outer")
    given = role(stack, "Given")
    nested = NestedStack(stack, "Inner")
    iam.ManagedPolicy(
        nested,
        "Grant",
        roles=[given],  # pyright: ignore[reportArgumentType]
        statements=[iam.PolicyStatement(actions=["rds-db:connect"], resources=["*"])],
    )
    made = role(nested, "Made")
    iam.Policy(
        stack,
        "Outer",
        roles=[made],  # pyright: ignore[reportArgumentType]
        statements=[iam.PolicyStatement(actions=["s3:GetObject"], resources=["*"])],
    )
    app.synth()
    access = Access(read(tmp_path))
    held = {
        one.resource.path if one.resource else one.name: [
            action
            for policy in one.policies
            for statement in policy.statements
            for action in statement.actions or ()
        ]
        for one in access.identities
    }
    assert held == {
        "outer/Given/Resource": ["rds-db:connect"],
        "outer/Inner/Made/Resource": ["s3:GetObject"],
    }
