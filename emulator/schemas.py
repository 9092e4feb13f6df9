"""Properties that CloudFormation refuses, by the schemas of its resource types.

AWS's own are published with cfn-lint, which another of the project's environments has: they are
read there, as data, each when the first resource of its type is made.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema.validators
from jsonschema import Draft7Validator, TypeChecker, ValidationError

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties

_BOOLEANS = {"true": True, "false": False}
# Unicode's categories, which Python's regular expressions do not name, by the nearest that they do.
_CATEGORY = re.compile(r"\\\\p\{(\w)\w?\}")
_CATEGORIES = {
    "C": r"\\x00-\\x1f", "L": r"\\w", "M": r"\\u0300-\\u036f", "N": r"\\d",
    "P": r"!-/:-@\\[-`{-~", "S": r"$+<=>^`|~", "Z": r"\\s",
}  # fmt: skip
# What is no resource of AWS's, though its type's name begins as if it were.
_OTHERS = {"AWS::CDK::Metadata"}


def register(emulator: Emulator, folder: Path) -> None:
    """Check the properties of every resource. After all else: it stands before other checks.

    Args:
        emulator: whose resources they are.
        folder: see `Schemas`.
    """
    schemas = Schemas(folder, emulator.region)

    def check(resource_type: str, new: Properties, _old: Properties | None) -> None:
        if wrong := [*schemas.wrong(resource_type, new)]:
            raise ValueError(f"Properties validation failed with message: [{'; '.join(wrong)}]")

    for resource_type in emulator.stacks.resource_types():
        if resource_type.startswith("AWS::") and resource_type not in _OTHERS:
            emulator.stacks.check(resource_type, properties=partial(check, resource_type))


class Schemas:
    """Those of a region.

    Args:
        folder: of cfn-lint, with the types of each region and their schemas.
        region: such as ``eu-central-1``.
    """

    def __init__(self, folder: Path, region: str) -> None:
        self._folder = folder
        self._types: dict[str, str] = json.loads((folder / f"providers/{region}.json").read_text())
        self._read: dict[str, tuple[Any, frozenset[str]]] = {}

    def wrong(self, resource_type: str, properties: Properties) -> Iterator[str]:
        """What CloudFormation would say of the properties, each with its place."""
        if resource_type not in self._types:
            yield f"Unrecognized resource types: [{resource_type}]"
            return
        validator, read_only = self._schema(resource_type)
        for name in sorted(read_only & properties.keys()):
            yield f"#: Encountered unsupported property {name}, which is read-only"
        for error in validator.iter_errors(properties):
            at = "/".join(map(str, error.absolute_path))
            yield f"#/{at}: {error.message[:300]}"

    def _schema(self, resource_type: str) -> tuple[Any, frozenset[str]]:
        if resource_type not in self._read:
            text = (self._folder / f"resources/{self._types[resource_type]}.json").read_text()
            schema = json.loads(_CATEGORY.sub(lambda found: _CATEGORIES[found[1]], text))
            self._read[resource_type] = _Validator(schema), _read_only(schema)
        return self._read[resource_type]


def _read_only(schema: Mapping[str, Any]) -> frozenset[str]:
    paths: list[str] = schema.get("readOnlyProperties", [])
    return frozenset(name for path in paths if "/" not in (name := path.split("/", 2)[2]))


# CloudFormation takes a number or a boolean as text, and text as a number or a boolean.


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool | list | dict) else float(value)
    except (TypeError, ValueError):
        return None


def _is_integer(_checker: TypeChecker, value: Any) -> bool:
    number = _number(value)
    return number is not None and number.is_integer()


def _is_number(_checker: TypeChecker, value: Any) -> bool:
    return _number(value) is not None


def _is_boolean(_checker: TypeChecker, value: Any) -> bool:
    return isinstance(value, bool) or str(value).lower() in _BOOLEANS


def _is_string(_checker: TypeChecker, value: Any) -> bool:
    return isinstance(value, str | int | float)


def _enum(
    _validator: Any, allowed: list[Any], value: Any, _schema: Any
) -> Iterator[ValidationError]:
    if isinstance(value, str | int | float) and str(value) not in map(str, allowed):
        yield ValidationError(f"{value!r} is not a valid enum value: {allowed}")


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[ValidationError]:
    try:
        matches = not isinstance(value, str) or re.search(pattern, value)
    except re.error:
        return  # of another language's regular expressions
    if not matches:
        yield ValidationError(f"{value!r} does not match the pattern {pattern}")


def _minimum(_validator: Any, least: float, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if (number := _number(value)) is not None and number < least:
        yield ValidationError(f"{value} is not greater or equal to {least}")


def _maximum(_validator: Any, most: float, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if (number := _number(value)) is not None and number > most:
        yield ValidationError(f"{value} is not less or equal to {most}")


def _max_length(_validator: Any, most: int, value: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and len(value) > most:
        yield ValidationError(f"expected maxLength: {most}, actual: {len(value)}")


_library: Any = jsonschema.validators  # its functions have no types
_Validator: Any = _library.extend(
    Draft7Validator,
    {
        "enum": _enum,
        "maxLength": _max_length,
        "maximum": _maximum,
        "minimum": _minimum,
        "pattern": _pattern,
    },
    type_checker=Draft7Validator.TYPE_CHECKER.redefine_many(
        {
            "boolean": _is_boolean,
            "integer": _is_integer,
            "number": _is_number,
            "string": _is_string,
        }
    ),
)
