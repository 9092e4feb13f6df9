"""Ways to deploy other templates than these."""

from collections.abc import Iterator

from review.bootstrap import bootstraps
from review.iam.decision import Answer, Decision
from review.iam.matching import token
from review.paths.model import Way
from review.paths.needs import any_of_its_choice, way
from review.templates.access import Access

STAGING = token("CDKToolkit/StagingBucket")
# A stack keeps the role that it was deployed with: nobody passes it again.
DEPLOYING = (
    ("cloudformation:UpdateStack",),
    ("cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"),
)

# The last two are of Cloud Control, which makes a resource without a stack.
DEPLOYING_WITH_A_ROLE = (
    ("cloudformation:CreateStack",),
    *DEPLOYING,
    ("cloudformation:CreateResource",),
    ("cloudformation:UpdateResource",),
)


def by_the_bootstrap(access: Access) -> Iterator[Way]:
    """By a deploy, which may change all of it."""
    everything = [f"everything on {one.name}" for one in access.servers]
    # Whom the bootstrap's roles trust is not in these templates: their account, as it is made.
    elsewhere = Decision(answer=Answer.UNKNOWN)
    for one in bootstraps(access.assembly) if everything else ():
        yield way(
            "deploy templates of its own with CDK's bootstrap",
            everything,
            ("sts:AssumeRole", one.role("deploy")),
            given=[elsewhere],
        )
        for action in ("s3:PutObject", "s3:ReplicateObject"):
            yield way(
                "write to the bucket that CDK deploys templates and code from",
                everything,
                (action, f"{one.assets}/{token('an asset')}"),
                # A bucket of these templates, whatever it is called, is another.
                (action, f"arn:{one.partition}:s3:::{STAGING}/{token('an asset')}"),
            )
        for actions in DEPLOYING_WITH_A_ROLE:
            yield way(
                "deploy templates of its own with the role of CDK's bootstrap that CloudFormation "
                "has",
                everything,
                ("iam:PassRole", one.role("cfn-exec")),
                *((action, any_of_its_choice(action)) for action in actions),
            )


# With roles of the account that are made for stack sets, if it has any.
BY_A_STACK_SET = ("cloudformation:CreateStackSet", "cloudformation:CreateStackInstances")


def by_a_stack(access: Access) -> Iterator[Way]:
    """By a change of one of the stacks, with the role that CloudFormation has for it."""
    everything = [f"everything on {one.name}" for one in access.servers]
    yield way(
        "deploy templates of its own with a stack set",
        everything,
        *((one, any_of_its_choice(one)) for one in BY_A_STACK_SET),
        given=[Decision(answer=Answer.UNKNOWN)],
    )
    for stack in access.assembly.stacks:
        place = ":".join(
            [
                "arn", stack.environment["partition"], "cloudformation",
                stack.environment["region"], stack.environment["account"],
                f"stack/{stack.name}/{token('the id of the stack ' + stack.name)}",
            ]
        )  # fmt: skip
        for actions in DEPLOYING:
            needs = [(one, place) for one in actions]
            yield way(f"deploy another template as {stack.name}", everything, *needs)
