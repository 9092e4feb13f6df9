"""Sessions in a database, as the server's log tells them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

# RDS's prefix, %t:%r:%u@%d:[%p]:, whose time is UTC.
_ENTRY = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC:(?P<host>.*?):(?P<user>[^:@]*)@(?P<database>[^:]*)"
    r":\[(?P<process>\d+)\]:(?P<level>[A-Z]+):\s+(?P<said>[\s\S]*)"
)
_STATEMENT = re.compile(r"(?:statement|execute [^:]*): ([\s\S]*)")


@dataclass(kw_only=True)
class Login:
    """A session: who logged in to what, when and from where, and what was asked in it."""

    user: str
    database: str
    host: str
    """The address it came from."""
    process: str
    at: datetime | None
    """When it was let in; None where that is before the log begins."""
    first: datetime
    """When the log has its first entry of it."""
    statements: list[str] = field(default_factory=list[str])


def logins(entries: Iterable[str]) -> list[Login]:
    """Every session of which there is an entry, in the log's order."""
    found: list[Login] = []
    running: dict[tuple[str, str, str], Login] = {}
    for entry in entries:
        read = _ENTRY.match(entry)
        if not read or read["level"] != "LOG":
            continue
        at = datetime.strptime(read["at"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        # The number of a process is used again, by another session.
        key = (read["process"], read["user"], read["database"])
        said = read["said"]
        begins = said.startswith("connection authorized: ")
        if begins or (key not in running and _STATEMENT.match(said)):
            running[key] = Login(
                user=read["user"],
                database=read["database"],
                host=read["host"].partition("(")[0],
                process=read["process"],
                at=at if begins else None,
                first=at,
            )
            found.append(running[key])
        if statement := _STATEMENT.match(said):
            running[key].statements.append(statement[1])
        elif said.startswith("disconnection: "):
            running.pop(key, None)
    return found
