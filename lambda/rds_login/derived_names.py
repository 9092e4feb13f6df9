"""The names that follow from a database's: one rule, within what takes each of them.

A database's name may be anything that people have called it; in the names of roles, policies and
connections it is a word of lower-case letters, digits and underscores, which none of these quotes.
A plain name is its own word. Any other is what is left of it, and a hash that tells it apart.
"""

import hashlib
import re

LONGEST_ROLE = 63
"""Bytes of a role's name (PostgreSQL manual, "Lexical Structure"): more would be cut in silence."""
GROUPS = {"read": "reader", "write": "writer", "own": "owner"}
"""How the role ends that holds a level's privileges."""

RESERVED = re.compile(r"pg_|rds")
"""How names of roles begin that are PostgreSQL's ("pg_"), and RDS's ("Understanding the
rds_superuser role")."""
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_LONGEST_WORD = LONGEST_ROLE - len("_writer")
_HASH = 8


def word(database: str, longest: int = _LONGEST_WORD) -> str:
    """What ``database`` is called within another name, in ``longest`` characters at the most."""
    if _PLAIN.fullmatch(database) and not RESERVED.match(database) and len(database) <= longest:
        return database
    left = re.sub(r"[^a-z0-9]+", "_", database.lower()).strip("_")
    if RESERVED.match(left) or not _PLAIN.match(left):
        left = f"db_{left}".rstrip("_")
    digest = hashlib.sha256(database.encode()).hexdigest()[:_HASH]
    room = max(longest - _HASH - 1, 0)
    return f"{left[:room].rstrip('_')}_{digest}"


def role(before: str, database: str, ending: str) -> str:
    """The name of a role of ``database``: a user's, after its identity, or that of a group."""
    taken = len(f"{before}_" if before else "") + len(f"_{ending}")
    of = word(database, LONGEST_ROLE - taken)
    return f"{before}_{of}_{ending}" if before else f"{of}_{ending}"


def before(name: str, database: str, ending: str) -> str | None:
    """What stands before the database's word in the ``name`` of such a role; None in another."""
    ends = [at.start() for at in re.finditer("_", name)]
    heads = ["", *(name[:end] for end in ends)]
    return next((head for head in heads if role(head, database, ending) == name), None)
