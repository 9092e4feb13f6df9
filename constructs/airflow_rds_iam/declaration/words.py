"""What may stand at a place of the declaration, in words that follow "must be"."""

from collections.abc import Sequence
from typing import Any

Schema = dict[str, Any]


def allowed(schema: Schema) -> str:
    """What ``schema``, a part of a JSON Schema without references, allows."""
    match schema:
        case {"patternErrorMessage": str(words)}:
            return words
        case {"enum": values}:
            return one_of(values)
        case {"const": value}:
            return repr(value)
        case {"type": "boolean"}:
            return "true or false"
        case {"type": "integer"}:
            return f"a whole number{_span(schema, 'minimum', 'maximum')}"
        case {"type": "number"}:
            steps = f", in steps of {schema['multipleOf']}" if "multipleOf" in schema else ""
            return f"a number{_span(schema, 'minimum', 'maximum')}{steps}"
        case {"type": "string"}:
            return f"text{_span(schema, 'minLength', 'maxLength', ' characters')}"
        case {"type": "array", "items": items}:
            size = _span(schema, "minItems", "maxItems", " items")
            return f"a list{size}, each of them {allowed(items)}"
        case {"properties": properties}:
            return f"a mapping with keys of {', '.join(properties)}"
        case _:
            size = _span(schema, "minProperties", "maxProperties", " keys")
            return f"a mapping{size}, each key {allowed(key(schema))}"


def key(schema: Schema) -> Schema:
    """What ``schema``, that of a mapping of any keys, allows as a key."""
    return {"type": "string", **schema.get("propertyNames", {})}


def one_of(values: Sequence[object]) -> str:
    """The ``values`` as a choice."""
    *others, last = map(repr, values)
    return f"{', '.join(others)} or {last}" if others else last


def _span(schema: Schema, at_least: str, at_most: str, unit: str = "") -> str:
    match schema.get(at_least), schema.get(at_most):
        case None, None:
            return ""
        case low, None:
            return f" of {low} or more{unit}"
        case None, high:
            return f" of at most {high}{unit}"
        case low, high:
            return f" of {low} to {high}{unit}"
