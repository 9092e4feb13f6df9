"""How declaration, IAM and database contradict each other in one cell, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from review.iam.decision import Answer, Decision
from review.matrix.model import NOT_ASKED
from review.templates.servers import MASTER, LoginUser


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of an identity and a user that IAM lets it log in as, or may let."""

    user: LoginUser
    decision: Decision
    declared: str
    in_database: str
    made_for: bool
    """Whether the identity is that of the function that makes this server's users."""
    runs_here: bool
    """Whether something in the templates runs with the identity's role."""
    network: Sequence[str]
    unreadable: Sequence[str]
    """Connections of this user that Airflow may not read."""


def disagreements(facts: Facts) -> list[str]:
    """Each contradiction; none if all is as declared."""
    return list(_disagreements(facts))


def _disagreements(facts: Facts) -> Iterator[str]:
    user = facts.user
    if facts.decision.answer is Answer.DENIED:
        why = "a statement denies it" if facts.decision.statements else "no policy lets it"
        yield f"is declared to {facts.declared} {user.database}, and {why}"
    elif facts.decision.answer is Answer.UNKNOWN:
        yield "whether it may log in cannot be decided from the templates"
    elif user.level == MASTER:
        if not facts.made_for:
            yield f"may log in as {user.name}, and so administer the whole of {user.server.name}"
    elif facts.declared == "no":
        yield f"may {user.level} {user.database} as {user.name}, and nobody declared it"
    if facts.declared not in ("no", NOT_ASKED, user.level):
        yield f"is declared to {facts.declared} {user.database}, but its user may {user.level}"
    if facts.in_database not in (NOT_ASKED, user.level):
        yield f"the server is not as the templates have it: {facts.in_database}"
    if facts.runs_here and not facts.network:
        yield f"no rule lets it reach {user.server.name}"
    for name in facts.unreadable:
        yield f"may not read its connection {name}"
