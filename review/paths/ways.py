"""The ways to the grants of an assembly: whole combinations of what would have to be allowed."""

from collections.abc import Iterator, Sequence

from review.matrix.labels import Labels
from review.paths.code import by_a_shell, by_airflow, by_the_function
from review.paths.data import by_the_server
from review.paths.deploys import by_a_stack, by_the_bootstrap
from review.paths.handed import running_with
from review.paths.model import Need, Way
from review.paths.needs import policies_of
from review.paths.power import by_anybody
from review.paths.roles import (
    by_a_pod,
    by_a_policy,
    by_a_provider,
    by_a_token,
    by_the_role,
    by_the_user,
)
from review.templates.access import Access
from review.templates.identities import Identity

# The last: one of the same name in its place.
CHANGING_A_CONNECTION = (
    ("secretsmanager:PutSecretValue",),
    ("secretsmanager:UpdateSecret",),
    ("secretsmanager:PutResourcePolicy",),
    ("secretsmanager:DeleteSecret", "secretsmanager:CreateSecret"),
)


def ways(access: Access, labels: Labels, holding: Sequence[Identity]) -> Iterator[Way]:
    """Every way, whoever may go it.

    Args:
        access: what the templates hold.
        labels: what identities are called.
        holding: those that may log in to a database, or deploy.
    """
    yield from by_the_bootstrap(access)
    yield from becoming(access, labels, holding)
    for one in access.connections:
        for actions in CHANGING_A_CONNECTION:
            yield Way(
                how=f"send Airflow's token elsewhere, by its connection {one.name}",
                needs=[
                    Need(
                        action=action, resource=one.resource.attribute(None),
                        policies=policies_of(one.resource, access),
                    )
                    for action in actions
                ],
                reaches=[labels.airflow_of(one)],
            )  # fmt: skip
    for server in access.servers:
        yield from by_the_server(server, access)
    if access.servers:
        yield from by_a_stack(access)
        yield from by_anybody(access, [f"everything on {one.name}" for one in access.servers])


def becoming(access: Access, labels: Labels, whom: Sequence[Identity]) -> Iterator[Way]:
    """Every way to act as one of some identities."""
    for identity in whom:
        if identity.kind == "role":
            yield from by_the_role(identity, labels.name(identity))
            yield from by_a_token(identity, labels.name(identity))
            yield from by_a_pod(identity, labels.name(identity))
            yield from by_a_provider(identity, labels.name(identity))
        if identity.kind == "user":
            yield from by_the_user(identity, labels.name(identity))
        yield from by_a_policy(identity, labels.name(identity), access)
        for one in labels.runs_with(identity):
            if one.type == "AWS::Lambda::Function":
                yield from by_the_function(one, labels.name(identity), access)
            else:
                yield from by_airflow(one, labels.name(identity), access)
        for one in running_with(identity, access):
            yield from by_a_shell(one, labels.name(identity))
