"""Properties that CloudFormation refuses are refused by the local AWS, too: by mutation."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pytest

from emulator.schemas import Schemas
from tests.application import CdkOut, templates
from tests.create_only import schema_of
from tests.emulator.conftest import ACCOUNT, REGION, StackFailedError, Stacks, resource, role

Where = tuple[str | int, ...]
SCALARS = ("boolean", "integer", "number", "string")
STRANGE = ("", " ", "\x00", "§", "x y", "-")


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    found = find_spec("cfnlint")
    assert found
    assert found.origin
    return Schemas(Path(found.origin).parent / "data/schemas", REGION)


def mutations(value: Any, schema: Any, root: Any, at: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Where in ``value``, and what else to put there, which its schema does not take."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    if isinstance(value, Mapping):
        within = cast("Mapping[str, Any]", value)
        if any(name == "Ref" or name.startswith("Fn::") for name in within):
            return  # known when it is deployed
        if schema.get("additionalProperties") is False:
            yield at, {**within, "§": "x"}
        for name in schema.get("required", ()):
            yield at, {key: one for key, one in within.items() if key != name}
        for name, one in within.items():
            if name in schema.get("properties", {}):
                yield from mutations(one, schema["properties"][name], root, (*at, name))
    elif isinstance(value, list):
        yield at, "no list"
        for index, one in enumerate(cast("list[Any]", value)):
            yield from mutations(one, schema.get("items", {}), root, (*at, index))
    elif schema.get("type") in SCALARS:
        yield at, {"an": "object"}
        yield from ((at, wrong) for wrong in _wrong_scalars(schema))


def _wrong_scalars(schema: Mapping[str, Any]) -> Iterator[Any]:
    if schema["type"] != "string":
        yield "no number and no boolean"
    if "enum" in schema:
        yield "of no enum"
    if "pattern" in schema and "\\p" not in schema["pattern"]:
        yield from [one for one in STRANGE if not re.search(schema["pattern"], one)][:1]
    if "maxLength" in schema:
        yield (schema["maxLength"] + 1) * "x"
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1


def put(value: Any, at: Where, what: Any) -> Any:
    if not at:
        return what
    changed = deepcopy(value)
    node = changed
    for part in at[:-1]:
        node = node[part]
    node[at[-1]] = what
    return changed


@pytest.mark.slow
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_each_mutation_of_what_is_deployed_is_refused(
    environment: str, cdk_out: CdkOut, schemas: Schemas
) -> None:
    tried: set[tuple[str, Where, str]] = set()
    for template in templates(cdk_out(environment)).values():
        for one in template["Resources"].values():
            kind, properties = one["Type"], one.get("Properties", {})
            if kind.startswith("Custom::") or kind == "AWS::CDK::Metadata":
                continue
            root, before = schema_of(kind), {*schemas.wrong(kind, properties)}
            for at, what in mutations(properties, root, root):
                mutation = (kind, tuple(p for p in at if isinstance(p, str)), repr(what)[:80])
                if mutation not in tried:
                    tried.add(mutation)
                    after = {*schemas.wrong(kind, put(properties, at, what))}
                    assert after - before, mutation
    assert len({kind for kind, _, _ in tried}) > 20
    assert len(tried) > 500


GROUP = {"LogGroupName": "mutated"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a property that is not known": (
        resource("Logs::LogGroup", **GROUP, RetentionDays=7),
        "Additional properties are not allowed ('RetentionDays' was unexpected)",
    ),
    "a property that only AWS gives": (
        resource("Logs::LogGroup", **GROUP, Arn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:x"),
        "Encountered unsupported property Arn, which is read-only",
    ),
    "another type": (resource("Logs::LogGroup", LogGroupName=["a"]), "#/LogGroupName: ['a']"),
    "a property too few": (resource("S3::BucketPolicy", Bucket="b"), "'PolicyDocument' is a req"),
    "text that is no number": (
        resource("Logs::LogGroup", **GROUP, RetentionInDays="week"),
        "#/RetentionInDays: 'week' is not of type 'integer'",
    ),
}


@pytest.mark.parametrize(("wrong", "says"), REFUSED.values(), ids=REFUSED)
def test_a_deploy_says_so(stacks: Stacks, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(StackFailedError, match=re.escape(says)):
        stacks.deploy(f"mutated-{abs(hash(says))}", {"It": wrong})


def test_an_update_is_refused_as_well_and_goes_back(stacks: Stacks) -> None:
    stacks.deploy("updated", {"It": role(name="updated")})
    wrong = role(name="updated")
    wrong["Properties"]["MaxSessionDuration"] = 60
    with pytest.raises(StackFailedError, match="MaxSessionDuration: 60 is not greater or equal"):
        stacks.deploy("updated", {"It": wrong})
    stacks.deploy("updated", {"It": role(name="updated", Service="ec2.amazonaws.com")})


def test_a_number_and_a_boolean_may_be_written_as_text(schemas: Schemas) -> None:
    function = {"Code": {"ZipFile": "x"}, "Role": "arn:aws:iam::111122223333:role/x"}
    assert [*schemas.wrong("AWS::Lambda::Function", function | {"Timeout": "30"})] == []
    assert [*schemas.wrong("AWS::S3::Bucket", {"ObjectLockEnabled": "true"})] == []
    assert [*schemas.wrong("AWS::S3::Bukket", {})] == [
        "Unrecognized resource types: [AWS::S3::Bukket]"
    ]
