"""Does what is planned for a database in parts; what is refused is read and planned once more."""

import logging
from collections.abc import Callable, Iterable, Iterator

from database_users.errors import ConcurrentChangeError, LockTimeoutError, RefusedStatementError
from database_users.plan import Failure, Finding, Planned, Subjects, Transaction
from rds_login.causes import ServerError

# In a transaction at the most, try after try: the first takes fewer locks than the smallest
# instance has, with a session in each of eight databases; the last tells what is at fault.
OBJECTS = (100, 10, 1, 1)

Do = Callable[[Transaction], None]

log = logging.getLogger("database_users")


def settled(
    plan: Callable[[int], Iterable[Planned]], do: Do, look_again: Callable[[], None]
) -> Iterator[Planned | Failure]:
    """What is done of a `plan` for so many objects a transaction, what is found, what failed.

    What somebody changed since it was read is refused, and planned anew once it is read again; so
    is what needs more locks than there are. No failure is what is not planned any more. A lock
    that is not to be had stops what is of the same.
    """
    refused: dict[Transaction, ServerError] = {}
    findings: list[Finding] = []
    waited: set[Subjects] = set()
    for objects in OBJECTS:
        if refused:
            look_again()
        refused, findings = {}, []
        for one in plan(objects):
            if isinstance(one, Finding):
                findings.append(one)
            elif one.of not in waited:
                try:
                    do(one)
                except LockTimeoutError as error:
                    waited.add(one.of)
                    yield failed(one, error)
                except (RefusedStatementError, ConcurrentChangeError) as error:
                    log.info("%s", error)
                    refused[one] = error
                else:
                    yield one
        if not refused:
            break
    else:
        look_again()
        planned = set(plan(OBJECTS[-1]))
        refused = {one: error for one, error in refused.items() if one in planned}
    yield from findings
    for one, error in refused.items():
        yield failed(one, error)


def failed(transaction: Transaction, error: ServerError) -> Finding | Failure:
    """What the `error` of a transaction is for the run."""
    if transaction.may_fail and not error.transient:
        return Finding(str(error))
    return Failure(error, transaction.of)
