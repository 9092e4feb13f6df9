"""Rows that begin with the name of what they tell, and other groupings."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

Row = list[Any]
T = TypeVar("T")
K = TypeVar("K")


def tagged_rows(rows: Iterable[Row]) -> defaultdict[str, list[Row]]:
    """The rows of each name, without it."""
    tagged: defaultdict[str, list[Row]] = defaultdict(list)
    for tag, *values in rows:
        tagged[tag].append(values)
    return tagged


def grouped(items: Iterable[T], key: Callable[[T], K]) -> Mapping[K, tuple[T, ...]]:
    """The items of each key, in their order."""
    grouped: defaultdict[K, list[T]] = defaultdict(list)
    for item in items:
        grouped[key(item)].append(item)
    return {name: tuple(found) for name, found in grouped.items()}
