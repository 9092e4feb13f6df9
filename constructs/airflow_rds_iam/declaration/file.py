"""Reads a declaration from its file; each error says where in the file, what, and what else."""

import re
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from airflow_rds_iam.declaration import lookups, schema
from airflow_rds_iam.declaration.conflicts import conflicts
from airflow_rds_iam.declaration.document import DeclarationError, Document, Path
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.neighbours import clashes, shares
from airflow_rds_iam.declaration.words import Schema, allowed, key

__all__ = ["DeclarationError", "load"]

# Texts that would be right without their quotes, by the type that is wanted.
UNQUOTED = {"integer": r"'[0-9]+'", "boolean": r"'(true|false|yes|no|on|off)'"}
# What is worth to be said again, as it ought to be written.
WORD = re.compile(r"[\w./:@-]+")


def load(file: FilePath, *, account: str | None = None, region: str | None = None) -> Declaration:
    """The declaration in ``file``, whose stem is the environment's name.

    It is held against the others of the folder, as far as they can be read.

    Args:
        file: in YAML.
        account: of the credentials, where the declaration has none.
        region: the same.

    Raises:
        DeclarationError: what is wrong, each time with file, line, path, value and what is allowed.
    """
    declaration = _load(file, account=account, region=region)
    if shares(declaration):
        others: dict[str, Declaration] = {}
        for other in sorted(file.parent.glob("*.yaml")):
            # What is wrong with another is said where that one is used.
            with suppress(DeclarationError):
                if other.name != file.name:
                    others[other.stem] = _load(other, account=account, region=region)
        if found := list(clashes(declaration, others)):
            raise DeclarationError("\n".join(Document(file).at(*one) for one in found))
    return declaration


def _load(file: FilePath, **credentials: str | None) -> Declaration:
    document = Document(file)
    content, wrong = lookups.completed(document.content, file.parent)
    if wrong:
        raise DeclarationError("\n".join(document.at(*one) for one in wrong))
    content = {**{key: value for key, value in credentials.items() if value}, **content}
    found = [
        (path, f"has nothing after it: must be {allowed(where)}")
        for path in document.without_value()
        if (where := schema.at(path))
    ]
    found += [
        (path, f"{document.written(path)}: is {value} to YAML: write it without 0, 0x, : or _")
        for path, value in document.misleading_numbers()
        if (schema.at(path) or {}).get("type") == "integer"
    ]
    declaration = None
    try:
        declaration = Declaration.model_validate(content)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            path = tuple(part for part in one["loc"] if part != "[key]")
            if path not in dict(found):
                found.append((path, _invalid(document, path, one)))
    if declaration and not found:
        found = [(one.path, one.message) for one in conflicts(declaration, environment=file.stem)]
    if found or not declaration:
        raise DeclarationError("\n".join(document.at(*one) for one in found))
    return declaration


def _invalid(document: Document, path: Path, error: ErrorDetails) -> str:
    where = schema.at(path) or {}
    around = schema.at(path[:-1]) or {}
    written = document.written(path)
    if error["type"] == "extra_forbidden":
        keys = list(around.get("properties", {}))
        near = get_close_matches(str(path[-1]), keys, n=1)
        meant = f"unknown key, perhaps {near[0]}" if near else "unknown key"
        return f"{meant}; allowed are: {', '.join(keys)}"
    if error["type"] == "missing":
        return f"is missing: must be {allowed(where)}"
    if error["loc"][-1] == "[key]":
        return f"{error['input']!r}: must be {allowed(key(around))}"
    if error["type"] == "value_error":
        message = error["msg"].removeprefix("Value error, ")
        return message if isinstance(error["input"], dict) else f"{written}: {message}"
    hint = _quotes(document, path, where) or _brackets(where, error["input"])
    return f"{written}: {hint}must be {allowed(where)}"


def _quotes(document: Document, path: Path, where: Schema) -> str:
    """What to do where quotes, or none, would make the value right."""
    written, kind = document.written(path) or "", document.kind(path)
    if where.get("type") == "string":
        fits = written in where.get("enum", [written])
        if kind and fits and re.search(where.get("pattern", ""), written):
            return f"is {kind} to YAML, put it in quotes; "
    elif re.fullmatch(UNQUOTED.get(where.get("type", ""), ""), written):
        return "is text, remove the quotes; "
    return ""


def _brackets(where: Schema, given: object) -> str:
    """What to do where a value may be right, and is one where a list is meant, or the like."""
    in_brackets = isinstance(given, list)
    values = cast("list[object]", given) if in_brackets or isinstance(given, dict) else [given]
    words = [value for value in values if isinstance(value, str) and WORD.fullmatch(value)]
    kind = where.get("type")
    if not words or "properties" in where:
        return ""
    if kind == "array":
        return "" if in_brackets else f"write [{', '.join(words)}]; "
    if kind == "object":
        return f"write `{words[0]}:` below it, as a key; "
    return f"write {words[0]}, without brackets; " if in_brackets and len(values) == 1 else ""
