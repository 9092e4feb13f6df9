"""CloudFormation: the types of resources, stacks and what they export."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias, cast

from emulator.ministack.private import OF_EVENTS, Ministack

_WITHOUT_RESOURCES = ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")

Properties: TypeAlias = dict[str, Any]
"""A resource's properties, as its template has them once references are resolved."""
Attributes: TypeAlias = dict[str, str]
"""What `Fn::GetAtt` answers, by name."""
Created: TypeAlias = tuple[str, Attributes]
"""A physical id (what `Ref` answers) and the attributes."""


class Where(NamedTuple):
    """The place of a resource in a template, by which CloudFormation names what has no name."""

    stack: str
    logical_id: str


@dataclass(frozen=True)
class ResourceType:
    """How CloudFormation handles a type. An update that raises leaves the resource as it was."""

    create: Callable[[str, Properties, str], Created]
    """Logical id, properties, stack's name."""
    delete: Callable[[str, Properties], None]
    """Physical id, properties."""
    update: Callable[[str, Properties, Properties, Where], Created] | None = None
    """Physical id, old and new properties; without it a change makes a new resource."""

    def change(self, physical_id: str, old: Properties, new: Properties, where: Where) -> Created:
        """Update the resource of a type that has updates."""
        if self.update is None:
            raise TypeError("the resource type has no update")
        return self.update(physical_id, old, new, where)


class Stacks:
    """CloudFormation."""

    def __init__(self, ministack: Ministack) -> None:
        self._ministack = ministack
        self._handlers: dict[str, dict[str, Any]] = ministack.get(
            "services.cloudformation.provisioners", "_RESOURCE_HANDLERS"
        )
        self._describe_stacks_by_their_templates()
        self._tell_of_what_an_update_changes()
        self._forget_names_of_deleted_stacks()
        self._join_in_conditions()

    def resource_types(self) -> list[str]:
        """The types that are handled by now."""
        return [*self._handlers]

    def resource_type(self, name: str) -> ResourceType:
        """How the emulator itself handles a type."""
        own = self._handlers[name]

        def update(physical_id: str, old: Properties, new: Properties, where: Where) -> Created:
            if own.get("update_with_logical_id"):
                return own["update"](physical_id, old, new, where.stack, where.logical_id)
            return own["update"](physical_id, old, new, where.stack)

        return ResourceType(own["create"], own["delete"], update)

    def handle(self, name: str, resource: ResourceType, *, blocks: bool = False) -> None:
        """Handle a type from now on; on a thread of its own if that `blocks`."""
        handler: dict[str, Any] = {**self._handlers.get(name, {})}
        handler.pop("update", None)
        handler |= {"create": resource.create, "delete": resource.delete}
        if update := resource.update:

            def handle_update(
                physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str
            ) -> Created:
                return update(physical_id, old, new, Where(stack, logical_id))

            handler |= {"update": handle_update, "update_with_logical_id": True}
        self._handlers[name] = handler
        if blocks:
            stacks = self._ministack.module("services.cloudformation.stacks")
            asked = stacks["_runs_on_worker_thread"]

            def runs_on_thread(kind: str) -> bool:
                return kind == name or asked(kind)

            stacks["_runs_on_worker_thread"] = runs_on_thread

    def check(
        self,
        name: str,
        *,
        properties: Callable[[Properties, Properties | None], None] = lambda _, __: None,
        deletion: Callable[[str, Properties], None] = lambda _, __: None,
        made: Callable[[str, Properties], None] = lambda _, __: None,
    ) -> None:
        """Refuse what AWS refuses, and leave the rest of a type to how it is handled so far.

        Args:
            name: the type.
            properties: gets the new properties and, in an update, the old ones.
            deletion: gets the physical id and the properties.
            made: the same, once the resource is made or changed.

        The first two raise ValueError with AWS's message.
        """
        own = self._handlers[name]

        def create(logical_id: str, new: Properties, stack: str) -> Created:
            properties(new, None)
            created = own["create"](logical_id, new, stack)
            made(created[0], new)
            return created

        def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
            properties(new, old)
            changed = own["update"](physical_id, old, new, *rest)
            made(changed[0], new)
            return changed

        def delete(physical_id: str, given: Properties, *rest: str) -> None:
            deletion(physical_id, given)
            own["delete"](physical_id, given, *rest)

        checked: dict[str, Any] = {"create": create, "delete": delete}
        if "update" in own:
            checked["update"] = update
        self._handlers[name] = {**own, **checked}

    def importable(self, name: str) -> None:
        """Let stacks import what stacks of this account left behind, of a type.

        It is known by its physical id, and has the attributes that it was last given.
        """
        own = self._handlers[name]
        known: dict[str, Attributes] = {}

        def remembering(act: Callable[..., Created]) -> Callable[..., Created]:
            def acted(*given: Any) -> Created:
                created = act(*given)
                known[created[0]] = created[1]
                return created

            return acted

        def take_up(identifier: Mapping[str, str]) -> Created:
            [physical_id] = identifier.values()
            if physical_id not in known:
                raise ValueError(f"Resource of type '{name}' with {identifier} was not found")
            return physical_id, known[physical_id]

        def delete(physical_id: str, given: Properties, *rest: str) -> None:
            own["delete"](physical_id, given, *rest)
            known.pop(physical_id, None)

        handler: dict[str, Any] = {
            "create": remembering(own["create"]),
            "delete": delete,
            "import": take_up,
        }
        if "update" in own:
            handler["update"] = remembering(own["update"])
        self._handlers[name] = {**own, **handler}

    def name(self, resource_type: str, named_by: str) -> None:
        """Name what its template does not name as CloudFormation does: by stack and logical id."""
        names = self._ministack.module("services.cloudformation.provisioners")
        own = self._handlers[resource_type]

        def named(given: Properties, stack: str, logical_id: str) -> Properties:
            return {named_by: names["_physical_name"](stack, logical_id), **given}

        def create(logical_id: str, new: Properties, stack: str) -> Created:
            return own["create"](logical_id, named(new, stack, logical_id), stack)

        def update(
            physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str
        ) -> Created:
            both = (named(each, stack, logical_id) for each in (old, new))
            return own["update"](physical_id, *both, stack, logical_id)

        self._handlers[resource_type] = {
            **own, "create": create, "update": update, "update_with_logical_id": True
        }  # fmt: skip

    def on_exports(self, check: Callable[[str, Mapping[str, str]], None]) -> None:
        """Call `check` with a stack's id and the exports that it is about to have, by name.

        A ValueError fails the stack's operation, which is rolled back.
        """
        module = self._ministack.module("services.cloudformation.stacks")
        resolve = module["_resolve_stack_outputs"]

        def checked(*arguments: Any) -> Any:
            outputs, exports = resolve(*arguments)
            check(arguments[-1], {name: one["Value"] for name, one in exports.items()})
            return outputs, exports

        module["_resolve_stack_outputs"] = checked

    def importing(self, export: str) -> list[str]:
        """The names of the stacks that import an export."""
        imported = self._ministack.get("services.cloudformation.handlers", "_imported_export_names")
        return [
            name
            for name, stack in self._ministack.store("cloudformation", "_stacks").items()
            if stack["StackStatus"] not in _WITHOUT_RESOURCES and export in imported(stack, name)
        ]

    def in_progress(self, stack: str) -> bool:
        """Whether a stack of that name or id is being created, changed or deleted."""
        name = stack.split("/")[1] if stack.startswith("arn:") else stack
        with self._ministack.scope():
            record = self._ministack.store("cloudformation", "_stacks").get(name)
        status = record["StackStatus"] if record else ""
        return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"

    def _describe_stacks_by_their_templates(self) -> None:
        """It has no description of a stack that a change set made."""
        actions = self._ministack.get("services.cloudformation.handlers", "_ACTION_HANDLERS")
        describe = actions["DescribeStacks"]

        def described(parameters: Any) -> Any:
            for stack in self._ministack.store("cloudformation", "_stacks").values():
                stack["Description"] = stack["_template"].get("Description", "")
            return describe(parameters)

        actions["DescribeStacks"] = described

    def _tell_of_what_an_update_changes(self) -> None:
        """It has events of a resource that an update leaves as it is, and none of one it removes.

        CloudFormation has them the other way round ("Understand stack events" of its user guide).
        """
        stacks = self._ministack.module("services.cloudformation.stacks")
        add, update, remove = (stacks[name] for name in OF_EVENTS)
        same: set[tuple[str, str]] = set()

        def updated(kind: str, it: str, old: Any, new: Any, stack: str, *rest: Any) -> Any:
            if old == new and rest:
                same.add((stack, rest[0]))
            return update(kind, it, old, new, stack, *rest)

        def added(stack_id: str, stack: str, logical_id: str, *rest: str, **more: str) -> None:
            if rest[1] != "UPDATE_COMPLETE" or (stack, logical_id) not in same:
                add(stack_id, stack, logical_id, *rest, **more)
                return
            same.remove((stack, logical_id))
            events = self._ministack.store("cloudformation", "_stack_events")[stack_id]
            # That it begins was said before this was known.
            [*begun] = (one for one in events if one["LogicalResourceId"] == logical_id)
            events.remove(begun[-1])

        def removed(kind: str, it: str, given: Any, stack: str, logical_id: str) -> None:
            record = self._ministack.store("cloudformation", "_stacks")[stack]
            if record["StackStatus"] != "UPDATE_IN_PROGRESS":  # else it has told already
                remove(kind, it, given, stack, logical_id)
                return
            about = partial(add, record["StackId"], stack, logical_id, kind, physical_id=it)
            about("DELETE_IN_PROGRESS")
            remove(kind, it, given, stack, logical_id)
            about("DELETE_COMPLETE")

        stacks |= dict(zip(OF_EVENTS, (added, updated, removed), strict=True))

    def _forget_names_of_deleted_stacks(self) -> None:
        """A stack that is deleted is known by its id alone ("GetTemplate" of the API reference)."""
        handlers = self._ministack.module("services.cloudformation.handlers")
        actions = handlers["_ACTION_HANDLERS"]

        def by_name(act: Callable[[Any], Any], parameters: Any) -> Any:
            given: list[str] | str = parameters.get("StackName", "")
            name = given if isinstance(given, str) else given[0]
            stack = self._ministack.store("cloudformation", "_stacks").get(name)
            if stack and stack["StackStatus"] == "DELETE_COMPLETE":
                return handlers["_error"]("ValidationError", f"Stack {name} does not exist")
            return act(parameters)

        for name in ("GetTemplate", "ListStackResources", "DescribeStackResources"):
            actions[name] = partial(by_name, actions[name])

    def _join_in_conditions(self) -> None:
        """Without `Fn::Join` the CDK's bootstrap takes an empty list for one of a policy."""
        package = "ministack.services.cloudformation"
        evaluate = vars(importlib.import_module(f"{package}.engine"))["_evaluate_conditions"]

        def joined(value: Any, given: Mapping[str, Any]) -> Any:
            if isinstance(value, list):
                return [joined(one, given) for one in cast("list[Any]", value)]
            if not isinstance(value, dict):
                return value
            content = cast("dict[str, Any]", value)
            if "Fn::Join" not in content:
                return {name: joined(one, given) for name, one in content.items()}
            separator, parts = content["Fn::Join"]
            if isinstance(parts, dict):  # a parameter that is a list
                parts = str(given[parts["Ref"]]["Value"]).split(",")
            texts = [given[one["Ref"]]["Value"] if isinstance(one, dict) else one for one in parts]
            return separator.join(texts)

        def evaluated(template: dict[str, Any], given: Mapping[str, Any]) -> Any:
            conditions = joined(template.get("Conditions", {}), given)
            return evaluate({**template, "Conditions": conditions}, given)

        for name in ("changesets", "engine", "handlers", "provisioners", "stacks"):
            module = vars(importlib.import_module(f"{package}.{name}"))
            if "_evaluate_conditions" in module:
                module["_evaluate_conditions"] = evaluated
