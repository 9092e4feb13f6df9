"""What stops a run, beside what stops a login."""

from collections.abc import Sequence

from rds_login.causes import ServerError, UnavailableServerError
from rds_login.printable import printable


class UnsuitableServerError(ServerError):
    """The server is none that login users with tokens can be made on."""


class RefusedStatementError(ServerError):
    """A statement failed."""


class ChangedError(RefusedStatementError):
    """What was read is not so any more: something is gone, or was made since."""

    transient = True


class LockTimeoutError(ServerError):
    """Somebody holds a lock for too long."""


class ConcurrentChangeError(UnavailableServerError):
    """Somebody else changed the same at the same time."""


class SessionsLeftError(ServerError):
    """Sessions that were to end did not."""


class UnfinishedError(ServerError):
    """Several things could not be done; the rest was."""

    def __init__(self, errors: Sequence[ServerError]) -> None:
        super().__init__("; ".join(map(str, errors)))
        self.transient = any(error.transient for error in errors)


class BudgetError(ServerError):
    """The time for the run is over."""


class LockoutError(Exception):
    """The plan would lock somebody out; nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))
