"""Whether the doctor calls each fault by its name, whoever asks it and wherever."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

from proof.declared import AIRFLOW
from proof.deployment import Deployment
from proof.faults import asking, pairs, roles
from proof.faults.asking import Found
from proof.faults.fault import Asked, Fault, Scene
from proof.faults.pairs import Pair
from proof.shop import IDENTITY as PEOPLE

DATABASE = "orders"
TOKEN = re.compile(r"X-Amz-|Action=connect|%2Faws4_request")
Ask: TypeAlias = Callable[[Scene, Asked], Found]


def by_command(deployment: Deployment, fault: Fault) -> tuple[Found, Found]:
    """What people are told who may ask all, and who have a role of theirs alone."""
    whose = scene(deployment, PEOPLE)
    with fault.inject(whose) as asked:
        alone = asking.by_command(whose, asked)
        with roles.asking(whose):
            known = asking.by_command(whose, asked)
    return known, alone


def pair_by_command(deployment: Deployment, pair: Pair) -> tuple[Found, Found]:
    """The same of two faults at once."""
    return by_command(
        deployment, Fault(title="both", inject=partial(pairs.injected, pair), known=None)
    )


def in_airflow(deployment: Deployment, fault: Fault, ways: tuple[Ask, ...]) -> Iterator[Found]:
    """What each of some Airflows says."""
    whose = scene(deployment, AIRFLOW)
    with fault.inject(whose) as asked:
        for ask in ways:
            yield ask(whose, asked)


def holds_no_token(found: Found) -> bool:
    """Whether there is no token in it, nor a part of one."""
    return not TOKEN.search(str(found))


def scene(deployment: Deployment, identity: str) -> Scene:
    """The login of an identity to the orders."""
    arn = (
        deployment.airflow_environment["ExecutionRoleArn"]
        if identity == AIRFLOW
        else deployment.declared.role_arns[identity]
    )
    return Scene(
        deployment=deployment,
        grant=deployment.declared.grant(identity, DATABASE),
        role=arn.rpartition("/")[2],
    )
