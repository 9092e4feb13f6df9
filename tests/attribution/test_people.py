"""Generated people take sessions and log in; the two logs alone are what is joined."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from attribution.logins import logins
from attribution.people import behind
from attribution.role_sessions import covered, role_sessions

ANALYST = "arn:aws:iam::111122223333:role/people/analyst"
SSO = "arn:aws:iam::111122223333:role/entry"
DAY = datetime(2026, 11, 25, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A session of the role that a person takes, and the logins made in it."""

    person: str
    begun: int
    minutes: int
    address: str
    by_a_chain: bool
    tells_its_source: bool
    logins: tuple[int, ...]
    """Minutes after it was begun."""


PEOPLE = st.sampled_from(["ada", "grace", "linus"])
TAKEN = st.builds(
    Taken,
    person=PEOPLE,
    begun=st.integers(0, 12 * 60),
    minutes=st.integers(15, 12 * 60),
    address=st.sampled_from(["10.0.0.1", "10.0.0.2", "203.0.113.5"]),
    by_a_chain=st.booleans(),
    tells_its_source=st.booleans(),
    logins=st.lists(st.integers(0, 60), max_size=3).map(tuple),
)


def assumed(
    role: str, identity: Mapping[str, Any], one: Taken, *, key: str, **asked: str
) -> dict[str, Any]:
    """A record of AssumeRole."""
    at = DAY + timedelta(minutes=one.begun)
    ends = at + timedelta(minutes=one.minutes)
    return {
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "sourceIPAddress": one.address,
        "userIdentity": identity,
        "requestParameters": {"roleArn": role, "roleSessionName": "work", **asked},
        "responseElements": {
            "credentials": {
                "accessKeyId": key,
                "expiration": f"{ends:%b} {ends.day}, {ends:%Y, %I:%M:%S %p}",
            }
        },
    }


def trail(taken: list[Taken]) -> Iterator[dict[str, Any]]:
    """The records of these sessions, and of a call long before and one long after."""
    yield {"eventSource": "s3.amazonaws.com", "eventTime": "2026-11-24T00:00:00Z"}
    yield {"eventSource": "s3.amazonaws.com", "eventTime": "2026-11-28T00:00:00Z"}
    for number, one in enumerate(taken):
        user = {"type": "IAMUser", "userName": one.person, "accessKeyId": f"AKIA{one.person}"}
        source = {"sourceIdentity": one.person} if one.tells_its_source else {}
        if one.by_a_chain:
            yield assumed(SSO, user, one, key=f"ASIAENTRY{number}")
            # Whose session it is: the same words for everybody.
            arn = "arn:aws:sts::111122223333:assumed-role/entry/work"
            user = {"type": "AssumedRole", "arn": arn, "accessKeyId": f"ASIAENTRY{number}"}
        yield assumed(ANALYST, user, one, key=f"ASIA{number}", **source)


def logged(taken: list[Taken]) -> Iterator[tuple[str, str, Taken]]:
    """The log's entries of each login, and whose it truly was."""
    made = [(one, minute) for one in taken for minute in one.logins if minute <= one.minutes]
    for process, (one, minute) in enumerate(made):
        at = DAY + timedelta(minutes=one.begun + minute)
        who = f"{one.address}(40312):analyst_orders_read@orders:[{process}]"
        prefix = f"{at:%Y-%m-%d %H:%M:%S} UTC:{who}:LOG:  "
        yield (
            f"{prefix}connection authorized: user=analyst_orders_read database=orders",
            f"{prefix}statement: SELECT 1",
            one,
        )


@given(st.lists(TAKEN, max_size=5))
def test_who_it_was_is_always_among_the_answers_and_alone_only_if_nobody_else_could(
    taken: list[Taken],
) -> None:
    records = [*trail(taken)]
    truth = [*logged(taken)]
    sessions, told = role_sessions(records), covered(records)
    found = logins(line for *lines, _ in truth for line in lines)
    assert len(found) == len(truth)
    for login, (*_, one) in zip(found, truth, strict=True):
        assert login.statements == ["SELECT 1"]
        answer = behind(login, sessions, is_role=ANALYST.__eq__, told=told)
        could = {
            other.person
            for other in taken
            if login.at
            and timedelta() <= login.at - DAY - timedelta(minutes=other.begun)
            and login.at - DAY - timedelta(minutes=other.begun + other.minutes) <= timedelta()
        }
        everybody = {*answer.people, *(other.person for other in answer.others)}
        assert everybody == could
        assert one.person in answer.people
        assert (answer.confidence == "the only one") == (could == {one.person})
        assert answer.doubts == ()


def test_records_that_do_not_reach_far_enough_are_a_doubt() -> None:
    taken = [
        Taken(
            person="ada", begun=0, minutes=60, address="10.0.0.1", by_a_chain=False,
            tells_its_source=False, logins=(1,),
        )
    ]  # fmt: skip
    records = [one for one in trail(taken) if one["eventSource"] == "sts.amazonaws.com"]
    [login] = logins(line for *lines, _ in logged(taken) for line in lines)
    answer = behind(login, role_sessions(records), is_role=ANALYST.__eq__, told=covered(records))
    assert answer.people == ["ada"]
    earlier, later = answer.doubts
    assert "less than 12 hours before" in earlier
    assert "before the login" in later
