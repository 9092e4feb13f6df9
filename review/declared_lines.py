"""Which line of the declaration made a resource: jsii has no line of Python for it."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator

import yaml

from review.declared import Declared, DeclaredGrant
from review.templates.assembly import Resource

Keys = tuple[str, ...]

# libyaml, where PyYAML was built with it, takes a tenth of the time.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DeclaredLines:
    """The lines of a declaration, by what stands there.

    Args:
        text: the YAML.
        declared: what it grants.
    """

    def __init__(self, text: str, declared: Declared) -> None:
        node = yaml.compose(text, Loader=_LOADER)
        self._lines: dict[Keys, int] = {(): 1, **dict(_lines(node, ()) if node else ())}
        self._declared = declared
        self._by_user: dict[str, list[DeclaredGrant]] = defaultdict(list)
        for one in declared.grants:
            self._by_user[one.user].append(one)
        self._known: dict[Resource, int] = {}

    def of_grant(self, grant: DeclaredGrant) -> int:
        """The line that grants; that of its database or server if it stands elsewhere."""
        server = self._server(grant.server)
        return self._nearest((*server, "databases", grant.database, grant.level, grant.identity))

    def of(self, resource: Resource | None) -> int:
        """The line that made ``resource``; the first if nothing narrower is known."""
        if resource is None:
            return 1
        # Several rules speak of the same resource.
        if resource not in self._known:
            self._known[resource] = self._that_made(resource)
        return self._known[resource]

    def _that_made(self, resource: Resource) -> int:
        # A user's name may be a part of another's.
        words = set(re.findall(r"\w+", json.dumps(resource.properties)))
        grants = [one for word in words & self._by_user.keys() for one in self._by_user[word]]
        if len(grants) == 1:
            return self.of_grant(grants[0])
        stack = resource.stack.name.removeprefix(f"{self._declared.environment}-")
        for part in (stack, *resource.path.split("/")):
            words = _words(part)
            for keys in self._lines:
                if len(keys) == 2 and keys[0] != "identities" and keys[1] in words:
                    return self._lines[keys]
        servers = {one.server for one in grants}
        keys = self._server(servers.pop()) if len(servers) == 1 else (stack,)
        return self._nearest(keys)

    def _server(self, identifier: str) -> Keys:
        keys = ("instances", self._declared.instances.get(identifier, ""))
        return keys if keys in self._lines else ()

    def _nearest(self, keys: Keys) -> int:
        while keys not in self._lines:
            keys = keys[:-1]
        return self._lines[keys]


def _words(part: str) -> set[str]:
    """A part of a construct's path, and what follows its first hyphens."""
    pieces = part.split("-")
    return {"-".join(pieces[start:]) for start in range(len(pieces))}


def _lines(node: yaml.Node, keys: Keys) -> Iterator[tuple[Keys, int]]:
    """The line of each key, and of each text in a list."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*keys, str(key.value))
            yield inner, key.start_mark.line + 1
            yield from _lines(value, inner)
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            if isinstance(one, yaml.ScalarNode):
                yield (*keys, one.value), one.start_mark.line + 1
            elif isinstance(one, yaml.MappingNode):
                # A grant with terms of its own, by whom it is to.
                named = next((value.value for key, value in one.value if key.value in _NAMING), "")
                yield (*keys, str(named)), one.start_mark.line + 1


_NAMING = ("to", "identity")
