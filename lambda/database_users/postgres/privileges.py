"""Access control lists as values, and what each level may do with each kind of object."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from database_users.desired import Level

KindInside = Literal[
    "schema",
    "table",
    "column",
    "sequence",
    "routine",
    "type",
    "large object",
    "foreign server",
    "foreign-data wrapper",
    "language",
]
Kind = Literal["database", KindInside, "parameter", "tablespace"]
INSIDE_A_DATABASE: tuple[Kind, ...] = get_args(KindInside)
PUBLIC = ""

# PostgreSQL manual, "Privileges", table "ACL Privilege Abbreviations".
_LETTERS = {
    "r": "SELECT",
    "a": "INSERT",
    "w": "UPDATE",
    "d": "DELETE",
    "D": "TRUNCATE",
    "x": "REFERENCES",
    "t": "TRIGGER",
    "m": "MAINTAIN",
    "X": "EXECUTE",
    "U": "USAGE",
    "C": "CREATE",
    "c": "CONNECT",
    "T": "TEMPORARY",
    "s": "SET",
    "A": "ALTER SYSTEM",
}

NONE: frozenset[str] = frozenset()
_READ: Mapping[Kind, frozenset[str]] = {
    "schema": frozenset({"USAGE"}),
    "table": frozenset({"SELECT"}),
    "column": frozenset({"SELECT"}),
    "sequence": frozenset({"SELECT"}),
    "routine": frozenset({"EXECUTE"}),
    "type": frozenset({"USAGE"}),
    "large object": frozenset({"SELECT"}),
}
_WRITE: Mapping[Kind, frozenset[str]] = {
    **_READ,
    "table": frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"}),
    "column": frozenset({"SELECT", "INSERT", "UPDATE"}),
    "sequence": frozenset({"USAGE", "SELECT", "UPDATE"}),
    "large object": frozenset({"SELECT", "UPDATE"}),
}
_OWN: Mapping[Kind, frozenset[str]] = {
    **_WRITE,
    "schema": frozenset({"USAGE", "CREATE"}),
    "table": _WRITE["table"] | {"REFERENCES", "TRIGGER"},
    "column": _WRITE["column"] | {"REFERENCES"},
}
_LEVELS = {"read": _READ, "write": _WRITE, "own": _OWN}
# What is no data is given to no level: an owner role may keep what somebody gave it.
_KEPT_BY_OWNERS = frozenset({"foreign server", "foreign-data wrapper", "language"})


@cache
def level_privileges(level: Level, kind: Kind, version: int) -> frozenset[str]:
    """What `level` may do with an object of `kind` on a server of major `version`."""
    privileges = _LEVELS[level].get(kind, NONE)
    if level != "read" and kind == "table" and version >= 17:
        return privileges | {"MAINTAIN"}  # PostgreSQL 17 release notes
    return privileges


@cache
def tolerated(level: Level, kind: Kind, version: int) -> frozenset[str]:
    """What `level` may have at the most on an object of `kind`: what it is given, and more."""
    more = {"USAGE"} if level == "own" and kind in _KEPT_BY_OWNERS else NONE
    return level_privileges(level, kind, version) | more


def public_default(kind: Kind) -> frozenset[str]:
    """What PUBLIC may do with an object that has no access control list of its own."""
    match kind:
        case "database":
            return frozenset({"CONNECT", "TEMPORARY"})
        case "routine":
            return frozenset({"EXECUTE"})
        case "type" | "language":
            return frozenset({"USAGE"})
        case _:
            return NONE


@dataclass(frozen=True, slots=True)
class Grant:
    """One entry of an access control list; `grantee` is `PUBLIC` for everyone."""

    grantee: str
    privileges: frozenset[str]
    grantable: frozenset[str]
    grantor: str


Acl = tuple[Grant, ...]


def held(acl: Acl, grantee: str) -> frozenset[str]:
    """What `acl` gives to `grantee` by name."""
    return NONE.union(*(grant.privileges for grant in acl if grant.grantee == grantee))


# PostgreSQL manual, "Array Input and Output Syntax".
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^{},"]+)', re.DOTALL)


def parse_acl(text: str | None, kind: Kind, owner: str) -> Acl:
    """Grants to others than `owner`, from the text of an `aclitem[]`; `None` is the default."""
    if text is None:
        public = public_default(kind)
        return (Grant(PUBLIC, public, NONE, owner),) if public else ()
    grants = (_parse_item(item) for item in _elements(text))
    return tuple(grant for grant in grants if grant.grantee != owner)


def owner_has(text: str | None, owner: str) -> frozenset[str] | None:
    """What `owner` left itself of its own thing, from the text of an `aclitem[]`; `None` is all."""
    if text is None:
        return None
    return held(tuple(map(_parse_item, _elements(text))), owner)


def _elements(text: str) -> Iterator[str]:
    for quoted, bare in _ELEMENT.findall(text):
        yield bare or re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)


def _parse_item(item: str) -> Grant:
    grantee, rest = _parse_name(item, "=")
    letters, _, grantor = rest.partition("/")
    return Grant(grantee, *_parse_letters(letters), _parse_name(grantor + "/", "/")[0])


@cache
def _parse_letters(letters: str) -> tuple[frozenset[str], frozenset[str]]:
    """The privileges, and those of them that may be passed on."""
    found = re.findall(r"(.)(\*?)", letters)
    return (
        frozenset(_LETTERS[letter] for letter, _ in found),
        frozenset(_LETTERS[letter] for letter, star in found if star),
    )


def _parse_name(text: str, end: str) -> tuple[str, str]:
    """The name before `end`, in double quotes where it needs them, and what follows."""
    if not text.startswith('"'):
        name, _, rest = text.partition(end)
        return name, rest
    name, position = "", 1
    while True:
        quote = text.index('"', position)
        name += text[position:quote]
        if not text.startswith('""', quote):
            return name, text[quote + 1 + len(end) :]
        name += '"'
        position = quote + 2
