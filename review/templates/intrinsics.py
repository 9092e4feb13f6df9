"""CloudFormation's intrinsic functions, resolved as far as templates go.

Source: "Intrinsic function reference" of the CloudFormation user guide.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from review.iam.matching import equals, token
from review.iam.truth import UNKNOWN, YES, Truth, any_of, every
from review.templates.names import named

_DYNAMIC_REFERENCE = re.compile(r"\{\{resolve:[^}]*\}\}")
_SUBSTITUTED = re.compile(r"\$\{([^}]*)\}")
_PSEUDO = {"AWS::AccountId": "account", "AWS::Region": "region", "AWS::Partition": "partition"}
_NOTHING = object()


@dataclass(frozen=True, kw_only=True, eq=False)
class Stack:
    """A stack: its name in CloudFormation, its template as written, where it is deployed."""

    name: str
    template: Mapping[str, Any]
    environment: Mapping[str, str]
    """``partition``, ``region`` and ``account``; tokens if they are not known."""
    paths: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of constructs, by the logical ids that they became."""
    parent: "Stack | None" = None
    """The stack that this one is nested in, whose name begins its own."""
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The parameters that its parent gives, as written there."""


def resolved(value: Any, stack: Stack, stacks: Sequence[Stack]) -> Any:
    """``value`` of the template of ``stack``, with what its functions give in their place.

    What only a deployment knows becomes a token (see `review.iam.matching`); of an ``Fn::If`` whose
    condition is not known, the function itself stays.
    """
    return _Resolver(stacks).value(value, stack, ())


class _Resolver:
    def __init__(self, stacks: Sequence[Stack]) -> None:
        self._stacks = stacks

    def value(self, value: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        if isinstance(value, str):
            return _DYNAMIC_REFERENCE.sub(lambda found: token(found[0], kind="?"), value)
        if isinstance(value, list):
            found = [self.value(one, stack, seen) for one in cast("list[Any]", value)]
            return [one for one in found if one is not _NOTHING]
        if not isinstance(value, Mapping):
            return value
        content = cast("Mapping[str, Any]", value)
        if len(content) == 1:
            [(name, argument)] = content.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument, stack, seen)
        found = {key: self.value(one, stack, seen) for key, one in content.items()}
        return {key: one for key, one in found.items() if one is not _NOTHING}

    def _function(self, name: str, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        functions: dict[str, Callable[[Any, Stack, tuple[object, ...]], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Join": self._join,
            "Fn::Sub": self._sub,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::ImportValue": self._import_value,
            "Fn::GetStackOutput": self._get_stack_output,
        }
        function = functions.get(name)
        key = (stack.name, name, json.dumps(argument, sort_keys=True))
        # What refers to itself is an error that CloudFormation will tell.
        if function is None or key in seen:
            return _opaque(stack, {name: argument})
        try:
            return function(argument, stack, (*seen, key))
        except (KeyError, IndexError, TypeError, ValueError):
            return _opaque(stack, {name: argument})

    def _text(self, value: Any, stack: Stack, seen: tuple[object, ...]) -> str:
        found = self.value(value, stack, seen)
        if isinstance(found, bool):
            return str(found).lower()
        return str(found) if isinstance(found, str | int | float) else _opaque(stack, value)

    def _ref(self, argument: str, stack: Stack, seen: tuple[object, ...]) -> Any:
        if argument == "AWS::NoValue":
            return _NOTHING
        if argument in _PSEUDO:
            return stack.environment[_PSEUDO[argument]]
        if argument == "AWS::StackName":
            return stack.name
        if argument == "AWS::URLSuffix":
            china = stack.environment["partition"] == "aws-cn"
            return "amazonaws.com.cn" if china else "amazonaws.com"
        if stack.parent and argument in stack.given:
            return self.value(stack.given[argument], stack.parent, seen)
        if argument not in stack.template.get("Resources", {}):
            # A parameter, which a deployment may give another value than its default.
            return token(f"{stack.name}/{argument}", kind="?")
        return self._named(argument, None, stack, seen)

    def _get_att(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        logical_id, attribute = argument
        if str(attribute).startswith("Outputs."):
            [nested] = [one for one in self._stacks if one.name == f"{stack.name}/{logical_id}"]
            output = nested.template["Outputs"][attribute.removeprefix("Outputs.")]
            return self.value(output["Value"], nested, seen)
        return self._named(logical_id, self._text(attribute, stack, seen), stack, seen)

    def _named(
        self, logical_id: str, attribute: str | None, stack: Stack, seen: tuple[object, ...]
    ) -> str:
        resource = stack.template["Resources"][logical_id]
        properties = resource.get("Properties", {})
        # Those that may be part of a name or an ARN, and so of this reference.
        naming = {
            key: self.value(one, stack, seen)
            for key, one in properties.items()
            if key == "Path" or key.endswith(("Name", "Identifier"))
        }
        return named(
            resource["Type"],
            attribute,
            place=f"{stack.name}/{logical_id}",
            properties=naming,
            environment=stack.environment,
        )

    def _join(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        separator, parts = argument
        listed = self.value(parts, stack, seen)
        if not isinstance(listed, list):
            raise TypeError
        return separator.join(self._text(one, stack, seen) for one in cast("list[Any]", listed))

    def _sub(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        text: str
        given: Mapping[str, Any]
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def value(found: re.Match[str]) -> str:
            name = found[1].strip()
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in given:
                return self._text(given[name], stack, seen)
            function = {"Fn::GetAtt": name} if "." in name else {"Ref": name}
            return self._text(function, stack, seen)

        return _SUBSTITUTED.sub(value, text)

    def _select(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        index, listed = (self.value(one, stack, seen) for one in argument)
        if not isinstance(listed, list) or int(index) < 0:
            raise TypeError
        return cast("list[Any]", listed)[int(index)]

    def _split(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        separator, text = argument
        whole = self._text(text, stack, seen)
        # A token may hold the separator, unless it is a resource's own name.
        if re.search(r"⟨[~?]", whole) or (separator not in ":/" and "⟨" in whole):
            raise ValueError
        return re.split(re.escape(separator) + r"(?![^⟨]*⟩)", whole)

    def _find_in_map(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        name, first, second = (self._text(one, stack, seen) for one in argument[:3])
        return self.value(stack.template["Mappings"][name][first][second], stack, seen)

    def _if(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        name, then, otherwise = argument
        match self._condition({"Condition": name}, stack, seen):
            case Truth.YES:
                return self.value(then, stack, seen)
            case Truth.NO:
                return self.value(otherwise, stack, seen)
            case _:
                return {"Fn::If": [name, then, otherwise]}

    def _condition(self, condition: Any, stack: Stack, seen: tuple[object, ...]) -> Truth:
        [(name, argument)] = condition.items()
        if name == "Condition":
            if (stack.name, "Condition", argument) in seen:
                return UNKNOWN
            inner = stack.template["Conditions"][argument]
            return self._condition(inner, stack, (*seen, (stack.name, "Condition", argument)))
        match name:
            case "Fn::Equals":
                one, other = (self._text(side, stack, seen) for side in argument)
                return equals(one, other)
            case "Fn::Not":
                return ~self._condition(argument[0], stack, seen)
            case "Fn::And":
                return every(self._condition(one, stack, seen) for one in argument)
            case "Fn::Or":
                return any_of(self._condition(one, stack, seen) for one in argument)
            case _:
                return UNKNOWN

    def _import_value(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        wanted = self._text(argument, stack, seen)
        for other in self._stacks:
            for output in other.template.get("Outputs", {}).values():
                exported = output.get("Export", {}).get("Name")
                if exported and equals(wanted, self._text(exported, other, seen)) is YES:
                    return self.value(output["Value"], other, seen)
        return token(f"export {wanted.replace('⟨', '').replace('⟩', '')}", kind="?")

    def _get_stack_output(self, argument: Any, stack: Stack, seen: tuple[object, ...]) -> Any:
        name = self._text(argument["StackName"], stack, seen)
        output = self._text(argument["OutputName"], stack, seen)
        [other] = [one for one in self._stacks if one.name == name]
        return self.value(other.template["Outputs"][output]["Value"], other, seen)


def _opaque(stack: Stack, value: Any) -> str:
    text = re.sub("[⟨⟩]", "", json.dumps(value, sort_keys=True))
    return token(f"{stack.name}: {text}", kind="?")
