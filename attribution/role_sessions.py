"""Sessions of roles, as CloudTrail tells them, each followed back to who began it.

Source: AWS CloudTrail user guide, "CloudTrail userIdentity element"; IAM user guide, "Logging IAM
and AWS STS API calls with AWS CloudTrail".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

LONGEST = timedelta(hours=12)
"""That a session of a role can last (IAM user guide, "Methods to assume a role")."""
_BEGIN = ("AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")


@dataclass(frozen=True, kw_only=True)
class RoleSession:
    """A session of a role: what signs tokens."""

    role: str
    """The role's ARN."""
    name: str
    person: str
    """Who began it, or the first of a chain of sessions."""
    addresses: frozenset[str]
    """From where STS was called, for it and for those that it came by."""
    begun: datetime
    ends: datetime
    via: tuple[str, ...] = ()
    """The ARNs of the roles of the chain, first to last, where it came by others."""

    def is_valid(self, at: datetime) -> bool:
        """Whether its credentials open a session in a database at this second."""
        # Both logs have whole seconds.
        return self.begun <= at <= self.ends


def role_sessions(records: Iterable[Mapping[str, Any]]) -> list[RoleSession]:
    """Every session that was begun, by time."""
    begun = [
        record
        for record in records
        if record.get("eventSource") == "sts.amazonaws.com"
        and record.get("eventName") in _BEGIN
        and record.get("responseElements")
    ]
    begun.sort(key=lambda record: record["eventTime"])
    by_key = {key: record for record in begun if (key := _credentials(record).get("accessKeyId"))}
    return [_session(record, by_key) for record in begun]


def covered(records: Iterable[Mapping[str, Any]]) -> tuple[datetime, datetime] | None:
    """The times of the first and the last record; None if there is none."""
    times = [_time(record["eventTime"]) for record in records]
    return (min(times), max(times)) if times else None


def _session(record: Mapping[str, Any], by_key: Mapping[str, Mapping[str, Any]]) -> RoleSession:
    asked = record["requestParameters"]
    begun = _time(record["eventTime"])
    chain = [record]
    while (earlier := by_key.get(_identity(chain[-1]).get("accessKeyId", ""))) not in (
        None,
        *chain,
    ):
        chain.append(earlier)
    return RoleSession(
        role=asked["roleArn"],
        name=asked.get("roleSessionName", ""),
        person=_person(record, chain[-1]),
        addresses=frozenset(one.get("sourceIPAddress", "") for one in chain),
        begun=begun,
        ends=_end(record, begun),
        via=tuple(one["requestParameters"]["roleArn"] for one in reversed(chain[1:])),
    )


def _person(record: Mapping[str, Any], first: Mapping[str, Any]) -> str:
    """Who is behind a session, by the record that began it and the first of its chain."""
    asked, identity = record["requestParameters"], _identity(first)
    # Set once, by whoever vouches for the person, and kept through every chain.
    source = asked.get("sourceIdentity") or _identity(record).get("sessionContext", {}).get(
        "sourceIdentity"
    )
    if source:
        return source
    match identity.get("type"):
        case "IAMUser" | "SAMLUser" | "WebIdentityUser" | "IdentityCenterUser":
            return identity.get("userName") or identity.get("principalId", "?")
        case "AWSService":
            return f"{identity.get('invokedBy', '?')}, for a program"
        case "Root":
            return f"the root user of {identity.get('accountId', '?')}"
        case "AWSAccount":
            return f"{identity.get('principalId', '?')} of account {identity.get('accountId', '?')}"
        case _:
            # Of a session that was begun before the records begin.
            return identity.get("arn") or identity.get("principalId", "?")


def _end(record: Mapping[str, Any], begun: datetime) -> datetime:
    expiration = str(_credentials(record).get("expiration", "")).replace("\u202f", " ")
    for form in ("%b %d, %Y, %I:%M:%S %p", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.strptime(expiration, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    seconds = record["requestParameters"].get("durationSeconds")
    # Rather too many sessions fit than the one that was it does not.
    return begun + (timedelta(seconds=int(seconds)) if seconds else LONGEST)


def _credentials(record: Mapping[str, Any]) -> Mapping[str, Any]:
    answered: Mapping[str, Any] = record.get("responseElements") or {}
    return answered.get("credentials") or {}


def _identity(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return record.get("userIdentity") or {}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
