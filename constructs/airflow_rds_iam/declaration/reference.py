"""The page of what may be declared: ``python -m airflow_rds_iam.declaration.reference``."""

import json
import re
from collections.abc import Iterator
from functools import cache

import yaml

from airflow_rds_iam.declaration import schema
from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.words import Schema, allowed

HEAD = """\
# What may be declared

`make schema` makes this page from the models in `constructs/airflow_rds_iam/declaration`. A key
that is left out has its default; a section that is left out, those of its keys. A value that is not
what it must be is refused with its line, and so is what does not go together. `Type.Property` is
what the key becomes in CloudFormation: a resource's type, less the `AWS::` and the service before
it, and its property.
"""
ANY = "<name>"


def reference() -> str:
    """The page, in Markdown."""
    return "\n".join([HEAD, *map(_section, _sections())])


@cache
def _sections() -> tuple[Path, ...]:
    """Each mapping with keys of its own, before those within it; of two alike, the first."""
    first: dict[str, Path] = {}
    for path in _mappings(()):
        first.setdefault(_keys(path), path)
    return (*first.values(),)


def _mappings(path: Path) -> Iterator[Path]:
    yield path
    for name in _at(path)["properties"]:
        inner = _innermost((*path, name))
        if "properties" in _at(inner):
            yield from _mappings(inner)


def _keys(path: Path) -> str:
    return json.dumps(_at(path)["properties"])


def _innermost(path: Path) -> Path:
    """What a list or a mapping of any keys holds in the end, or else ``path`` itself."""
    where = _at(path)
    if "items" in where:
        return _innermost((*path, 0))
    return _innermost((*path, ANY)) if "patternProperties" in where else path


def _section(path: Path) -> str:
    where = _at(path)
    rows = [
        (f"`{name}`", _must_be((*path, name)), _default(where, name), field["description"])
        for name in where["properties"]
        for field in [_at((*path, name))]
    ]
    return "\n".join(
        [
            *([f"## `{_shown(path)}`", ""] if path else []),
            where["description"],
            "",
            "| Key | Must be | Default | What it is |",
            "|---|---|---|---|",
            *("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows),
            "",
        ]
    )


def _must_be(path: Path) -> str:
    where = _at(path)
    if "patternProperties" in where:
        return f"{allowed(where)}, each value {_must_be((*path, ANY))}"
    if "items" in where:
        return allowed({**where, "items": {"patternErrorMessage": _must_be((*path, 0))}})
    if "properties" in where:
        shown = _shown(next(one for one in _sections() if _keys(one) == _keys(path)))
        return f"[`{shown}`](#{re.sub(r'[^a-z0-9_-]', '', shown)})"
    return allowed(where)


def _default(where: Schema, name: str) -> str:
    if name in where.get("required", ()):
        return "required"
    default = where["properties"][name].get("default")
    if default is None:
        return "none"
    if default and isinstance(default, dict):
        return "its keys'"
    # A scalar by itself is followed by the end of its document.
    [written, *_] = yaml.safe_dump(default, default_flow_style=True).splitlines()
    return f"`{written}`"


def _shown(path: Path) -> str:
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path)[1:]


def _at(path: Path) -> Schema:
    where = schema.at(path)
    if where is None:
        raise LookupError(f"nothing may be declared at {path}")
    return where


if __name__ == "__main__":
    print(reference(), end="")
