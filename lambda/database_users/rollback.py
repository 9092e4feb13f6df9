"""Who lost access in a deploy does not get it back when CloudFormation undoes the rest of it.

A rollback is an Update like any other, with the properties from before. So each deploy notes on the
server what was deployed before it, and whom it revokes; when just that is asked for within
`ROLLBACK_SECONDS`, it is taken for the rollback, which itself can be followed by the same deploy.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from database_users.desired import Database, Level
from rds_login.derived_names import before

ROLLBACK_SECONDS = 3600
_LEVELS: tuple[Level, ...] = ("read", "write", "own")
_OF_THE_FUNCTION = ("ServiceToken", "ServiceTimeout")


@dataclass(frozen=True, slots=True)
class Transition:
    """A deploy: digests of the properties before and after it, and the users that it revokes."""

    before: str
    after: str
    revoked: frozenset[str]


def digest(properties: Mapping[object, object]) -> str:
    """What tells one declaration from another."""
    own = {key: value for key, value in properties.items() if key not in _OF_THE_FUNCTION}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:16]


def revoked(before: Iterable[Database], after: Iterable[Database]) -> frozenset[str]:
    """The users of `before` that are not to be in `after`.

    One whose identity gets a higher level instead loses nothing that it should not have again.
    """
    now = {(who, where): rank for who, where, rank, _ in _users(after)}
    staying = {user for *_, user in _users(after)}
    return frozenset(
        user
        for who, where, rank, user in _users(before)
        if user not in staying and now.get((who, where), -1) < rank
    )


def _users(databases: Iterable[Database]) -> Iterator[tuple[str, str, int, str]]:
    for database in databases:
        for _, level, users in database.groups:
            for user in users:
                identity = before(user, database.name, level) or user
                yield identity, database.name, _LEVELS.index(level), user


def without(databases: Iterable[Database], users: frozenset[str]) -> tuple[Database, ...]:
    """`databases` as if `users` were not declared."""

    def rest(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name not in users)

    return tuple(
        replace(one, read=rest(one.read), write=rest(one.write), own=rest(one.own))
        for one in databases
    )


@dataclass(frozen=True, slots=True)
class Revocations:
    """Who was revoked lately: by the digest of what was deployed before, when, and the users.

    Moments are in seconds since 1970.
    """

    entries: Mapping[str, tuple[int, frozenset[str]]] = field(
        default_factory=dict[str, tuple[int, frozenset[str]]]
    )

    def after(self, transition: Transition, now: int) -> "Revocations":
        """Those once `transition` is among them, and nothing that is over."""
        fresh = {key: (at, users) for key, (at, users) in self.entries.items() if _fresh(at, now)}
        return Revocations({**fresh, transition.before: (now, transition.revoked)})

    def undone_by(self, transition: Transition, now: int) -> frozenset[str] | None:
        """The users that `transition` would give their access back; None if it is no rollback."""
        at, users = self.entries.get(transition.after, (0, frozenset[str]()))
        return users if _fresh(at, now) else None


def _fresh(at: int, now: int) -> bool:
    return now - at < ROLLBACK_SECONDS
