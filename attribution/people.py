"""Who may have been behind a login, and how sure that is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from attribution.logins import Login
from attribution.role_sessions import LONGEST, RoleSession

Confidence = Literal["the only one", "the likeliest", "one of several", "nobody"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The people whose sessions of the role were valid when somebody logged in."""

    login: Login
    confidence: Confidence
    because: str
    sessions: Sequence[RoleSession] = ()
    """Those that fit, of the likeliest people."""
    others: Sequence[RoleSession] = ()
    """Those that fit as well, of people who are less likely."""
    doubts: tuple[str, ...] = ()
    """What may make it somebody else."""

    @property
    def people(self) -> list[str]:
        """Who it may have been, sorted."""
        return sorted({one.person for one in self.sessions})


def behind(
    login: Login,
    sessions: Sequence[RoleSession],
    *,
    is_role: Callable[[str], bool],
    told: tuple[datetime, datetime] | None,
) -> Answer:
    """Join a login with the sessions of a role by time, and by address where that tells more.

    A token is signed without a call to AWS, and checked when the connection opens: whose session
    was valid then may have signed it, and nobody else.

    Args:
        login: the session in the database.
        sessions: CloudTrail's, of any role.
        is_role: whether an ARN is that of the identity's role.
        told: the times between which CloudTrail's records are.
    """
    if login.at is None:
        because = "its login is before the log begins: export the log from earlier"
        return Answer(login=login, confidence="nobody", because=because)
    at = login.at
    fitting = [one for one in sessions if is_role(one.role) and one.is_valid(at)]
    people = {one.person for one in fitting}
    near = [one for one in fitting if login.host in one.addresses]
    answer = Answer(
        login=login,
        confidence="nobody",
        because="no session of the role that CloudTrail tells of was valid then",
        doubts=tuple(_doubts(at, told)),
    )
    if not fitting:
        return answer
    if len(people) == 1:
        because = "nobody else had a session of the role that was valid then"
        return replace(answer, confidence="the only one", because=because, sessions=fitting)
    because = f"{len(people)} people had a session of the role that was valid then"
    if 0 < len({one.person for one in near}) < len(people):
        others = [one for one in fitting if one not in near]
        because += ", and STS was called from the address that the login came from"
        return replace(
            answer, confidence="the likeliest", because=because, sessions=near, others=others
        )
    return replace(answer, confidence="one of several", because=because, sessions=fitting)


def _doubts(at: datetime, told: tuple[datetime, datetime] | None) -> Iterator[str]:
    if told is None or told[0] > at - LONGEST:
        begins = f"{told[0]:%Y-%m-%d %H:%M:%S}" if told else "nowhere"
        yield (
            f"CloudTrail's records begin {begins}, less than 12 hours before: a session that was "
            "begun earlier may have been valid as well"
        )
    if told and told[1] < at:
        yield (
            f"CloudTrail's records end {told[1]:%Y-%m-%d %H:%M:%S}, before the login: a session "
            "that was begun in between is missing"
        )
