"""What CloudTrail says of who began a session, by each kind of identity."""

from typing import Any

import pytest

from attribution.role_sessions import role_sessions

ROLE = "arn:aws:iam::111122223333:role/people/analyst"


def record(identity: dict[str, Any], *, key: str = "ASIAONE", **more: Any) -> dict[str, Any]:
    return {
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "eventTime": "2026-11-25T16:00:00Z",
        "sourceIPAddress": "203.0.113.5",
        "userIdentity": identity,
        "requestParameters": {"roleArn": ROLE, "roleSessionName": "work"},
        "responseElements": {"credentials": {"accessKeyId": key}},
        **more,
    }


@pytest.mark.parametrize(
    ("identity", "person"),
    [
        ({"type": "IAMUser", "userName": "ada"}, "ada"),
        ({"type": "SAMLUser", "userName": "ada@example.com"}, "ada@example.com"),
        ({"type": "WebIdentityUser", "userName": "repo:octo/one:ref"}, "repo:octo/one:ref"),
        ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com, for a"),
        ({"type": "Root", "accountId": "111122223333"}, "the root user of 111122223333"),
        (
            {"type": "AWSAccount", "principalId": "AROAX:ada", "accountId": "444455556666"},
            "AROAX:ada of account 444455556666",
        ),
        (
            {"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/x/ada", "accessKeyId": "A"},
            "arn:aws:sts::1:assumed-role/x/ada",
        ),
        (
            {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::1:assumed-role/x/work",
                "sessionContext": {"sourceIdentity": "ada"},
            },
            "ada",
        ),
    ],
)
def test_each_kind_of_identity_is_somebody(identity: dict[str, Any], person: str) -> None:
    [session] = role_sessions([record(identity)])
    assert session.person.startswith(person)


@pytest.mark.parametrize(
    ("expiration", "asked", "minutes"),
    [
        ("Nov 25, 2026, 4:15:00 PM", {}, 15),
        ("Nov 25, 2026, 4:15:00\u202fPM", {}, 15),
        ("2026-11-25T16:15:00Z", {}, 15),
        ("", {"durationSeconds": 1800}, 30),
        ("25.11.2026", {}, 12 * 60),
    ],
)
def test_a_session_ends_when_it_is_said_to_or_as_late_as_any_can(
    expiration: str, asked: dict[str, Any], minutes: int
) -> None:
    [session] = role_sessions(
        [
            record(
                {"type": "IAMUser", "userName": "ada"},
                requestParameters={"roleArn": ROLE, **asked},
                responseElements={"credentials": {"expiration": expiration}},
            )
        ]
    )
    assert (session.ends - session.begun).total_seconds() == minutes * 60


def test_a_session_that_was_refused_is_none() -> None:
    refused = record({"type": "IAMUser", "userName": "ada"}, responseElements=None)
    assert role_sessions([{**refused, "errorCode": "AccessDenied"}]) == []


def test_a_chain_that_names_itself_ends() -> None:
    looped = record({"type": "AssumedRole", "arn": "a", "accessKeyId": "ASIAONE"})
    [session] = role_sessions([looped])
    assert session.person == "a"
