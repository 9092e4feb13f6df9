"""A database as it is to be: what the database users' function is told of it."""

from dataclasses import dataclass

State = dict[str, str | list[str]]


@dataclass(frozen=True, kw_only=True)
class DesiredDatabase:
    """A database, the three roles that hold its privileges, and the login users in them.

    Args:
        old_owners: roles whose objects come to belong to ``owner``.
        connection_limit: how many connections each of the users may have at once.
        other_levels: users that log in until the connections name their successors.
    """

    name: str
    owner: str
    writer: str
    reader: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    old_owners: tuple[str, ...] = ()
    other_levels: tuple[str, ...] = ()
    connection_limit: int | None = None

    @property
    def state(self) -> State:
        """How it is while the connections change, and but for ``other_levels`` thereafter."""
        state: State = {
            "Name": self.name,
            "Owner": self.owner,
            "Writer": self.writer,
            "Reader": self.reader,
            "Read": list(self.read),
            "Write": list(self.write),
            "Own": list(self.own),
        }
        if self.old_owners:
            state["OldOwners"] = list(self.old_owners)
        if self.connection_limit is not None:
            # As CloudFormation, which makes a text of it, has it from then on.
            state["ConnectionLimit"] = str(self.connection_limit)
        if self.other_levels:
            state["Retiring"] = list(self.other_levels)
        return state
