"""Reads a declaration from its file; each error says where in the file, what, and what else."""

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic import ValidationError

from airflow_rds_iam.declaration.conflicts import Path, conflicts
from airflow_rds_iam.declaration.model import Declaration


class DeclarationError(ValueError):
    """The declaration cannot be used; the message has a line for each reason."""


def load(file: FilePath) -> Declaration:
    """The declaration in ``file``, whose stem is the environment's name.

    Raises:
        DeclarationError: what is wrong, each time with file, line, path, value and what is allowed.
    """
    document = _Document(file)
    try:
        declaration = Declaration.model_validate(document.content)
    except ValidationError as error:
        raise DeclarationError("\n".join(_invalid(document, error))) from None
    found = list(conflicts(declaration, environment=file.stem))
    if found:
        raise DeclarationError("\n".join(document.at(one.path, one.message) for one in found))
    if declaration.airflow.name:
        return declaration
    airflow = declaration.airflow.model_copy(update={"name": file.stem})
    return declaration.model_copy(update={"airflow": airflow})


def _invalid(document: "_Document", error: ValidationError) -> Iterator[str]:
    for one in error.errors(include_url=False):
        path = tuple(part for part in one["loc"] if part != "[key]")
        value = "" if isinstance(one["input"], dict) else f"{one['input']!r}: "
        allowed = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            allowed = f"unknown key; allowed are: {', '.join(_keys_beside(path))}"
            value = ""
        elif one["type"] == "string_pattern_mismatch":
            allowed = f"must match {one['ctx']['pattern']}" if "ctx" in one else allowed
        yield document.at(path, f"{value}{allowed}")


def _keys_beside(path: Path) -> Iterator[str]:
    """The keys that the schema allows where the last part of ``path`` stands."""
    schema = Declaration.model_json_schema()
    node: dict[str, Any] = schema
    for part in path[:-1]:
        options = node.get("anyOf", [node])
        node = options[0]
        node = node.get("properties", {}).get(part) or node.get("items") or _map_values(node)
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    yield from node.get("properties", {})


def _map_values(node: dict[str, Any]) -> dict[str, Any]:
    patterns: dict[str, Any] = node.get("patternProperties", {})
    return next(iter(patterns.values()), node.get("additionalProperties", {}))


class _Document:
    """A YAML file with the line of each of its parts."""

    def __init__(self, file: FilePath) -> None:
        self.file = file
        self.lines: dict[Path, int] = {(): 1}
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            others = ", ".join(sorted(other.stem for other in file.parent.glob("*.yaml")))
            message = f"{file}: no such file; environments there: {others or 'none'}"
            raise DeclarationError(message) from None
        except (OSError, UnicodeDecodeError) as error:
            raise DeclarationError(f"{file}: cannot be read as UTF-8 text: {error}") from None
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
            self.content: Any = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise DeclarationError(f"{file}:{line}: is no valid YAML: {error.problem}") from None
        except (yaml.YAMLError, ValueError) as error:
            raise DeclarationError(f"{file}:1: is no valid YAML: {error}") from None
        if not isinstance(node, yaml.MappingNode):
            raise DeclarationError(f"{file}:1: must be a mapping, such as `instances: …`")
        try:
            self._locate(node, ())
        except RecursionError:
            raise DeclarationError(f"{file}:1: has an alias within what it names") from None

    def _locate(self, node: yaml.Node, path: Path) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = (*path, key.value)
                line = key.start_mark.line + 1
                if inner in self.lines:
                    raise DeclarationError(
                        f"{self.file}:{line}: {_dotted(inner)}: is there twice, "
                        f"first in line {self.lines[inner]}"
                    )
                self.lines[inner] = line
                self._locate(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.lines[(*path, index)] = value.start_mark.line + 1
                self._locate(value, (*path, index))

    def at(self, path: Path, message: str) -> str:
        known = path
        while known not in self.lines:
            known = known[:-1]
        return f"{self.file}:{self.lines[known]}: {_dotted(path)}: {message}"


def _dotted(path: Path) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the declaration"
