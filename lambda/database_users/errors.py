"""What stops a run, beside what stops a login."""

from rds_login.causes import ServerError
from rds_login.printable import printable


class UnsuitableServerError(ServerError):
    """The server is none that login users with tokens can be made on."""


class RefusedStatementError(ServerError):
    """A statement failed."""


class LockTimeoutError(ServerError):
    """Somebody holds a lock for too long."""


class BudgetError(ServerError):
    """The time for the run is over."""


class LockoutError(Exception):
    """The plan would lock somebody out; nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))
