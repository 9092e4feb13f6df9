"""The declaration's JSON Schema: ``python -m airflow_rds_iam.declaration.schema``."""

import json
from functools import cache
from typing import Any, cast

from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.words import Schema


@cache
def document() -> Schema:
    """The schema of a whole declaration, in the draft that editors' YAML plugins know best."""
    draft = {"$schema": "http://json-schema.org/draft-07/schema#"}
    return {**draft, **_without_null(Declaration.model_json_schema())}


def at(path: tuple[str | int, ...]) -> Schema | None:
    """The schema of what stands at ``path``, references followed; None where nothing may."""
    node = document()
    for part in path:
        if isinstance(part, int):
            node = node.get("items")
        elif "properties" in node:
            node = node["properties"].get(part)
        else:
            patterns: Schema = node.get("patternProperties", {})
            node = next(iter(patterns.values()), node.get("additionalProperties"))
        if not isinstance(node, dict):
            return None
        node = _resolved(cast("Schema", node))
    return node


def _resolved(node: Schema) -> Schema:
    if "$ref" not in node:
        return node
    return {**document()["$defs"][node["$ref"].rpartition("/")[2]], **node}


def _without_null(node: Any) -> Any:
    """A key without a value is a mistake, whatever is taken where the key is left out."""
    if isinstance(node, list):
        return [_without_null(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    plain = {key: _without_null(value) for key, value in cast("Schema", node).items()}
    match plain.pop("anyOf", None):
        case None:
            return plain
        case [only, {"type": "null"}]:
            del plain["default"]
            return {**only, **plain}
        case options:
            return {"anyOf": options, **plain}


def schema() -> str:
    """The schema as text."""
    return json.dumps(document(), indent=2) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
