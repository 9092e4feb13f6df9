"""Users that a policy names and nothing makes."""

from collections.abc import Iterator

from review.iam.arn import arn_parts
from review.iam.matching import matches
from review.iam.policy import Statement
from review.iam.truth import NO
from review.matrix.connecting import CONNECT, speaking_of
from review.templates.access import Access
from review.templates.identities import Identity


def undeclared_users(identity: Identity, access: Access) -> Iterator[tuple[str, str, Statement]]:
    """Resource id, user and statement of each user named outright whom no server has."""
    known = {access.arn(user) for user in access.users}
    for statement in speaking_of(identity.policies, CONNECT):
        if not statement.allows:
            continue
        for arn in statement.resources or ():
            parts = arn_parts(arn)
            place = parts[5].split("/", 1) if len(parts) == 6 else []
            if len(place) < 2 or any(character in place[1] for character in "*?$⟨"):
                continue
            # Named outright, nearly all are known by the same text.
            if arn not in known and all(matches(arn, one) is NO for one in known):
                yield place[0].removeprefix("dbuser:"), place[1], statement
