"""The same action in many databases, side by side."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

WORKERS = 8
SMALLEST_SHARE = 20

log = logging.getLogger("database_users")
T = TypeVar("T")
Of = TypeVar("Of")


def in_parallel(action: Callable[[Of], T], each: Collection[Of]) -> list[T]:
    """`action` for `each`; all of them are tried before the first error is raised."""
    with ThreadPoolExecutor(WORKERS) as workers:
        futures = [workers.submit(action, one) for one in each]
    errors = [error for future in futures if (error := future.exception())]
    for error in errors[1:]:
        log.error("%s", error)
    if errors:
        raise errors[0]
    return [future.result() for future in futures]


def shares(all_of_them: Sequence[T]) -> Iterator[Sequence[T]]:
    """A share of `all_of_them` for each worker, but none that is too small to be worth it."""
    size = max(SMALLEST_SHARE, -(-len(all_of_them) // WORKERS))
    return (all_of_them[start : start + size] for start in range(0, len(all_of_them), size))
