"""A cloud assembly: what ``cdk synth`` wrote."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from review.iam.matching import token
from review.templates.intrinsics import Stack, resolved
from review.templates.names import named

NESTED = "AWS::CloudFormation::Stack"
_NO_ROLES = ("Policy", "Policies", "PolicyDocument", "AssumeRolePolicyDocument", "Tags")


class AssemblyError(ValueError):
    """A folder that is no cloud assembly; the message says which and why."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """A resource of a template, its properties resolved."""

    stack: Stack
    logical_id: str
    type: str
    properties: Mapping[str, Any]
    path: str
    """Its construct's path; empty if the assembly does not say."""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conditional: bool = False
    """Whether a condition of CloudFormation may leave it out."""

    @property
    def place(self) -> str:
        """Stack and logical id."""
        return f"{self.stack.name}/{self.logical_id}"

    @property
    def shown(self) -> str:
        """Its construct's path, or its place where the assembly says none."""
        return self.path or self.place

    @property
    def construct(self) -> str:
        """The same, of the construct that it is the resource of."""
        return self.path.removesuffix("/Resource") or self.place

    def mapping(self, *names: str) -> Mapping[str, Any]:
        """A property, or one below it; empty where it is none or only a deployment knows it."""
        found: Any = self.properties
        for name in names:
            found = cast("Mapping[str, Any]", found).get(name)
            if not isinstance(found, Mapping):
                return {}
        return cast("Mapping[str, Any]", found)

    @cached_property
    def roles(self) -> frozenset[str]:
        """Each text in a property that is a role's: an ARN or a name."""
        return frozenset(_roles(self.properties))

    def attribute(self, name: str | None) -> str:
        """What ``Fn::GetAtt`` gives of it, or ``Ref`` for None."""
        return named(
            self.type,
            name,
            place=self.place,
            properties=self.properties,
            environment=self.stack.environment,
        )


@dataclass(frozen=True)
class Assembly:
    """The stacks of an assembly."""

    stacks: Sequence[Stack] = field(default=())
    files: frozenset[str] | None = None
    """The names of the files that are published with them; None where they are not known."""

    @cached_property
    def resources(self) -> tuple[Resource, ...]:
        """Every resource of every stack, in the order of the templates."""
        return tuple(self._resources())

    def resource(self, stack: str, logical_id: str) -> Resource | None:
        """The resource at a place."""
        return self._by_place.get((stack, logical_id))

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], Resource]:
        return {(one.stack.name, one.logical_id): one for one in self.resources}

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """The resources of these types."""
        return tuple(one for one in self.resources if one.type in types)

    def _resources(self) -> Iterator[Resource]:
        for stack in self.stacks:
            for logical_id, written in stack.template.get("Resources", {}).items():
                # What a macro writes, such as for each of a list, is none yet.
                content = cast("Mapping[str, Any]", written if isinstance(written, dict) else {})
                found = resolved(content.get("Properties", {}), stack, self.stacks)
                yield Resource(
                    stack=stack,
                    logical_id=logical_id,
                    type=str(content.get("Type", "")),
                    # What a macro writes is not known.
                    properties=cast("Mapping[str, Any]", found)
                    if isinstance(found, Mapping)
                    else {},
                    path=stack.paths.get(logical_id, ""),
                    metadata=resolved(content.get("Metadata", {}), stack, self.stacks),
                    conditional="Condition" in content,
                )


def read(folder: Path) -> Assembly:
    """Read the assembly in ``folder``, with those nested in it.

    Raises:
        AssemblyError: there is none.
    """
    return Assembly(tuple(_stacks(folder)), files=frozenset(_files(folder)))


def of_templates(
    templates: Mapping[str, Mapping[str, Any]],
    *,
    account: str = "111122223333",
    region: str = "eu-central-1",
) -> Assembly:
    """An assembly of templates by the names of their stacks."""
    return Assembly(
        tuple(
            Stack(name=name, template=template, environment=_environment(account, region))
            for name, template in templates.items()
        )
    )


def _files(folder: Path) -> Iterator[str]:
    for file in folder.rglob("*.assets.json"):
        for one in json.loads(file.read_text()).get("files", {}).values():
            yield from (each["objectKey"] for each in one["destinations"].values())


def _roles(properties: Any, key: str = "") -> Iterator[str]:
    if isinstance(properties, dict):
        for name, value in cast("dict[str, Any]", properties).items():
            if name not in _NO_ROLES:
                yield from _roles(value, f"{key}.{name}")
    elif isinstance(properties, list):
        for one in cast("list[Any]", properties):
            yield from _roles(one, key)
    elif isinstance(properties, str) and "role" in key.lower():
        yield properties


def _stacks(folder: Path) -> Iterator[Stack]:
    manifest = folder / "manifest.json"
    try:
        artifacts = json.loads(manifest.read_text())["artifacts"]
    except (OSError, ValueError, KeyError) as error:
        raise AssemblyError(f"{folder}: is no cloud assembly of `cdk synth`: {error}") from None
    # The URL of a nested stack's template ends in the name that the template is published by.
    assets = {
        name: one["source"]["path"]
        for file in folder.glob("*.assets.json")
        for name, one in json.loads(file.read_text()).get("files", {}).items()
        if one["source"].get("path")
    }
    for name, artifact in artifacts.items():
        properties = artifact.get("properties", {})
        if artifact["type"] == "aws:cloudformation:stack":
            account, _, region = artifact["environment"].removeprefix("aws://").partition("/")
            stack = Stack(
                name=properties.get("stackName", name),
                template=json.loads((folder / properties["templateFile"]).read_text()),
                environment=_environment(account, region),
                paths=_paths(folder, artifact),
            )
            yield stack
            yield from _nested(folder, stack, assets)
        elif artifact["type"] == "cdk:cloud-assembly":
            yield from _stacks(folder / properties["directoryName"])


def _nested(folder: Path, parent: Stack, assets: Mapping[str, str]) -> Iterator[Stack]:
    """The stacks nested in a stack, as far as their templates are in the assembly."""
    for logical_id, content in parent.template.get("Resources", {}).items():
        url = json.dumps(content.get("Properties", {}).get("TemplateURL"))
        file = next((file for name, file in assets.items() if name in url), None)
        if content.get("Type") == NESTED and file:
            stack = Stack(
                name=f"{parent.name}/{logical_id}",
                template=json.loads((folder / file).read_text()),
                environment=parent.environment,
                paths=parent.paths,
                parent=parent,
                given=content.get("Properties", {}).get("Parameters", {}),
            )
            yield stack
            yield from _nested(folder, stack, assets)


def _paths(folder: Path, artifact: Mapping[str, Any]) -> dict[str, str]:
    """Where each logical id comes from, as CDK's metadata beside the template has it."""
    metadata: dict[str, list[dict[str, Any]]] = dict(artifact.get("metadata", {}))
    if file := artifact.get("additionalMetadataFile"):
        metadata |= json.loads((folder / file).read_text())
    return {
        entry["data"]: path.removeprefix("/")
        for path, entries in metadata.items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }


def _environment(account: str, region: str) -> dict[str, str]:
    known = not region.startswith("unknown")
    partition = next(
        (name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws"
    )
    return {
        "account": token("AWS::AccountId", kind="?") if account.startswith("unknown") else account,
        "region": region if known else token("AWS::Region", kind="?"),
        "partition": partition if known else token("AWS::Partition", kind="?"),
    }


# AWS General Reference, "Amazon Resource Names".
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
}
