"""The same action in many databases, side by side."""

import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

WORKERS = 8

log = logging.getLogger("database_users")
T = TypeVar("T")


def in_parallel(action: Callable[[str], T], names: Collection[str]) -> list[T]:
    """`action` for each of `names`; all of them are tried before the first error is raised."""
    with ThreadPoolExecutor(WORKERS) as workers:
        futures = [workers.submit(action, name) for name in names]
    errors = [error for future in futures if (error := future.exception())]
    for error in errors[1:]:
        log.error("%s", error)
    if errors:
        raise errors[0]
    return [future.result() for future in futures]
