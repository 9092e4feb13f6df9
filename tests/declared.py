"""Declarations for tests: that of the dev environment, and changes of it."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ENVIRONMENTS = Path(__file__).parents[1] / "environments"
REMOVED = object()


def dev(changes: dict[str, object] | None = None) -> dict[str, Any]:
    """The content of ``dev.yaml`` with values set, or `REMOVED`, at dotted paths."""
    content = deepcopy(_dev())
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        node = content
        for part in parents:
            node = node.setdefault(part, {})
        if value is REMOVED:
            del node[last]
        else:
            node[last] = value
    return content


@cache
def _dev() -> dict[str, Any]:
    return yaml.safe_load((ENVIRONMENTS / "dev.yaml").read_text())


def written(content: dict[str, Any], file: Path) -> Path:
    """``file``, with ``content`` in it."""
    file.write_text(yaml.safe_dump(content, sort_keys=False))
    return file
