"""Which of several policies a statement stands in."""

import hashlib
from collections.abc import Mapping


def packed(sizes: Mapping[str, int], *, limit: int) -> dict[str, list[str]]:
    """Groups of the names in ``sizes``, each of ``limit`` characters at most.

    A group is those whose hashes begin alike, and one that is too large is two. So what comes or
    goes changes its own group, splits it in two or joins it with its other half, and no other.

    Args:
        sizes: characters by name.
        limit: characters of a group.

    Returns:
        The names, in their order, by group. Of two halves the first keeps the whole's name, which
        the second's begins with.

    Raises:
        ValueError: one name alone is larger.
    """
    bits = {name: _bits(name) for name in sizes}
    groups: dict[str, list[str]] = {}

    def split(prefix: str, names: list[str]) -> None:
        if sum(sizes[name] for name in names) <= limit:
            groups[prefix.rstrip("0")] = names
            return
        if len(names) == 1:
            raise ValueError(f"{names[0]}: {sizes[names[0]]:,} characters; {limit:,} are allowed")
        for half in (f"{prefix}0", f"{prefix}1"):
            if within := [name for name in names if bits[name].startswith(half)]:
                split(half, within)

    split("", list(sizes))
    return groups


def _bits(name: str) -> str:
    digest = hashlib.sha256(name.encode()).digest()
    return "".join(f"{byte:08b}" for byte in digest)
