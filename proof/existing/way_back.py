"""How a master user is rid of the administrator again, as the command line prints it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class WayBack:
    r"""The printed SQL, as psql runs it.

    Args:
        begun: ends with a query for statements, which psql runs, for \gexec.
        ended: the rest of that transaction.
        inside: in each database.
        last: after that.
    """

    begun: str
    ended: str
    inside: str
    last: str


def printed(text: str) -> WayBack:
    """The parts of what `python -m database_users administrator … --give-up` prints."""
    begun, rest = text.split("\\gexec")
    ended, rest = rest.split("COMMIT;")
    inside, last = rest.partition("(\\connect):")[2].split(" is gone")
    inside = inside.rpartition("\n--")[0]
    return WayBack(begun=begun, ended=f"{ended}COMMIT", inside=inside, last=last)
