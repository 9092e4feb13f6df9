"""Ways put together from what they need."""

from collections.abc import Sequence

from review.iam.decision import Decision
from review.iam.matching import token
from review.iam.policy import Policy
from review.paths.model import Need, Way
from review.templates.access import Access
from review.templates.assembly import Resource
from review.templates.identities import Identity


def way(
    how: str, reaches: Sequence[str], *needs: tuple[str, str], given: Sequence[Decision] = ()
) -> Way:
    """A way by actions, each on its resource, that no policy of a resource lets anybody do."""
    return Way(
        how=how,
        needs=[Need(action=action, resource=resource) for action, resource in needs],
        reaches=reaches,
        given=given,
    )


def assuming(role: Identity) -> Need:
    """To assume a role; where its trust is known, that decides."""
    return Need(
        action="sts:AssumeRole",
        resource=role.arn,
        policies=role.trust,
        account=role.account,
        decides=bool(role.trust),
    )


def policies_of(one: Resource, access: Access) -> list[Policy]:
    """The policies of the resource."""
    names = {one.attribute(None), one.attribute("Arn")}
    return [each.policy for each in access.resource_policies if names & each.of]


def any_of_its_choice(action: str) -> str:
    """A resource of the asker's choice: what is allowed of any, it has; of some, it may have."""
    return token(f"what {action} makes", kind="?")
