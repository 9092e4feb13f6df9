"""What should be: the databases of the event, checked before anything is touched."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

Level = Literal["read", "write", "own"]

MAX_NAME_BYTES = 63  # longer identifiers are cut silently (PostgreSQL manual, "Lexical Structure")
MAX_CONNECTIONS = 262_143  # of a server (PostgreSQL source, MAX_BACKENDS)
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,15}")
RESERVED_DATABASES = frozenset({"postgres", "template0", "template1", "rdsadmin"})
RDS_ROLES = frozenset({"rdsadmin", "rdsrepladmin", "rdstopmgr", "rdswriteforwarduser"})
RESERVED_ROLES = RDS_ROLES | {"public", "none"}
RESERVED_PREFIXES = ("pg_", "rds_", "rdsproxy")
IAM = "rds_iam"  # RDS's own role, whose members log in with a token
MANAGED = "airflow_rds_iam"  # the role whose members are the login users that we made


def mark(prefix: str) -> str:
    """The role whose members are those of the environment with `prefix`, which may be none."""
    return f"{MANAGED}_{prefix}" if prefix else MANAGED


class InvalidRequestError(ValueError):
    """The event or the environment asks for something that is not allowed."""


@dataclass(frozen=True, slots=True)
class Database:
    """One database, its three group roles and the login users in them.

    Each of them has `connection_limit` sessions at once at the most; None leaves it what it is.
    `retiring` are users with another level than before: while their successor's name is on its
    way, they stay what they are.
    """

    name: str
    owner: str
    writer: str
    reader: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    old_owners: tuple[str, ...] = ()
    retiring: tuple[str, ...] = ()
    connection_limit: int | None = None

    @property
    def groups(self) -> tuple[tuple[str, Level, tuple[str, ...]], ...]:
        """Each group role with its level and its login users."""
        return (
            (self.reader, "read", self.read),
            (self.writer, "write", self.write),
            (self.owner, "own", self.own),
        )

    @property
    def roles(self) -> frozenset[str]:
        """Its group roles and login users."""
        return frozenset(self.retiring).union(*({group, *users} for group, _, users in self.groups))

    def group(self, level: Level) -> str:
        """The group role of `level`."""
        return {"read": self.reader, "write": self.writer, "own": self.owner}[level]


def parse_prefix(value: object, place: str = "Prefix") -> str:
    """What begins the names of an environment's group roles; nothing where `value` is None.

    Raises:
        InvalidRequestError: naming the place, the value and what is allowed.
    """
    if value is None:
        return ""
    if not (isinstance(value, str) and _PREFIX.fullmatch(value)):
        raise InvalidRequestError(
            f"{place}: {_shown(value)} is no prefix; allowed are 1 to 16 lower-case letters, digits"
            " and underscores"
        )
    return value


def parse_databases(value: object, master: str, prefix: str = "") -> tuple[Database, ...]:
    """The databases of an event of the environment with `prefix`.

    Raises:
        InvalidRequestError: naming the place, the value and what is allowed.
    """
    entries = tuple(
        _database(entry, f"Databases[{index}]")
        for index, entry in enumerate(_list(value, "Databases"))
    )
    places: dict[str, str] = {
        master: "the master user",
        mark(prefix): "the role that marks our users",
    }
    names: set[str] = set()
    for index, database in enumerate(entries):
        if database.name in names:
            raise InvalidRequestError(
                f"Databases[{index}].Name: {database.name!r} stands there twice"
            )
        names.add(database.name)
        for place, role in _roles(database, f"Databases[{index}]"):
            if role in places:
                raise InvalidRequestError(f"{place}: {role!r} is already {places[role]}")
            places[role] = place
    for index, database in enumerate(entries):
        for position, role in enumerate(database.old_owners):
            if role in places:
                raise InvalidRequestError(
                    f"Databases[{index}].OldOwners[{position}]: {role!r} is {_held(places[role])},"
                    " whose objects stay its own; allowed is a role that nothing else here names"
                )
    return entries


def _held(place: str) -> str:
    """What a role is, from the place that names it first."""
    return place if place.startswith("the ") else f"declared at {place}"


def _roles(database: Database, place: str) -> Iterator[tuple[str, str]]:
    yield f"{place}.Owner", database.owner
    yield f"{place}.Writer", database.writer
    yield f"{place}.Reader", database.reader
    for key, logins in (
        ("Read", database.read),
        ("Write", database.write),
        ("Own", database.own),
        ("Retiring", database.retiring),
    ):
        for index, login in enumerate(logins):
            yield f"{place}.{key}[{index}]", login


_NAMES = ("Name", "Owner", "Writer", "Reader")
_LISTS = ("Read", "Write", "Own", "OldOwners", "Retiring")
_NUMBER = "ConnectionLimit"
_KEYS = (*_NAMES, *_LISTS, _NUMBER)


def _database(value: object, place: str) -> Database:
    if not isinstance(value, Mapping):
        raise InvalidRequestError(f"{place}: {_shown(value)} is no object; allowed is {_allowed()}")
    entry = cast(Mapping[object, object], value)
    for key in entry:
        if key not in _KEYS:
            raise InvalidRequestError(
                f"{place}: unknown key {_shown(key)}; allowed is {_allowed()}"
            )
    for key in _NAMES:
        if key not in entry:
            raise InvalidRequestError(f"{place}: {key} is missing")
    name, owner, writer, reader = (_name(entry[key], f"{place}.{key}") for key in _NAMES)
    if name in RESERVED_DATABASES:
        raise InvalidRequestError(f"{place}.Name: {name!r} is PostgreSQL's or RDS's own database")
    for key, role in zip(_NAMES[1:], (owner, writer, reader), strict=True):
        _role(role, f"{place}.{key}")
    lists = {key: _list(entry.get(key, ()), f"{place}.{key}") for key in _LISTS}
    read, write, own, old_owners, retiring = (
        tuple(_role(_name(item, where), where) for where, item in _places(lists[key], place, key))
        for key in _LISTS
    )
    limit = _limit(entry[_NUMBER], f"{place}.{_NUMBER}") if _NUMBER in entry else None
    return Database(name, owner, writer, reader, read, write, own, old_owners, retiring, limit)


def _places(items: Sequence[object], place: str, key: str) -> Iterator[tuple[str, object]]:
    for index, item in enumerate(items):
        yield f"{place}.{key}[{index}]", item


def _list(value: object, place: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise InvalidRequestError(f"{place}: {_shown(value)} is no list")
    return cast(Sequence[object], value)


def _limit(value: object, place: str) -> int:
    # CloudFormation makes a text of each number in the properties of a custom resource.
    text = str(value)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_CONNECTIONS):
        raise InvalidRequestError(
            f"{place}: {_shown(value)} is no number of connections; allowed is 1 to"
            f" {MAX_CONNECTIONS}"
        )
    return int(text)


def _name(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise InvalidRequestError(f"{place}: {_shown(value)} is no text")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise InvalidRequestError(f"{place}: {_shown(value)} is no valid unicode") from None
    if not 0 < size <= MAX_NAME_BYTES:
        raise InvalidRequestError(
            f"{place}: {_shown(value)} has {size} bytes; allowed are 1 to {MAX_NAME_BYTES}"
        )
    if not value.isprintable():
        raise InvalidRequestError(
            f"{place}: {_shown(value)} holds a character that cannot be printed"
        )
    return value


def _role(name: str, place: str) -> str:
    if name in RESERVED_ROLES or name.startswith(RESERVED_PREFIXES):
        raise InvalidRequestError(f"{place}: {name!r} is reserved by PostgreSQL or RDS")
    return name


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _allowed() -> str:
    return ", ".join(_KEYS)
