"""A YAML file whose every part is known with its line and as it is written."""

import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import yaml

Path = tuple[str | int, ...]

# What a plain text is to YAML 1.1 where it is no text.
KINDS = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:null": "no value",
    "tag:yaml.org,2002:timestamp": "a date",
}
DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
MERGE = "tag:yaml.org,2002:merge"
TEXT = "tag:yaml.org,2002:str"
LONGEST_SHOWN = 80


class DeclarationError(ValueError):
    """The declaration cannot be used; the message has a line for each reason."""


class Document:
    """The one document in a YAML file, a mapping.

    Raises:
        DeclarationError: the file cannot be read, is no YAML, has a key twice or one that is no
            text; with file, line and path.
    """

    def __init__(self, file: FilePath) -> None:
        self.file = file
        self._text = self._read()
        try:
            loader = yaml.SafeLoader(self._text)
            root = loader.get_single_node()
            if not isinstance(root, yaml.MappingNode):
                raise self._error(1, "must be a mapping, such as `instances: …`")
            self._root = root
            if found := list(self._problems(loader, root, (), set())):
                raise DeclarationError("\n".join(found))
            self.content: Any = loader.construct_document(root)  # pyright: ignore[reportUnknownMemberType]
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._error(mark.line + 1 if mark else 1, _in_words(error)) from None
        except yaml.reader.ReaderError as error:
            line = self._text.count("\n", 0, error.position) + 1
            message = f"has a character that YAML does not take: {chr(error.character)!r}"
            raise self._error(line, message) from None
        except RecursionError:
            raise self._error(1, "is nested too deeply, or within itself") from None

    def at(self, path: Path, message: str) -> str:
        """The message of an error at ``path``, or at the nearest part around it that is there."""
        known = path
        while not (found := self._find(known)):
            known = known[:-1]
        return f"{self.file}:{found[0]}: {dotted(path)}: {message}"

    def written(self, path: Path) -> str | None:
        """What stands at ``path``, as it is written there, on one line; None if it is not there."""
        found = self._find(path)
        if not found:
            return None
        node = found[1]
        text = self._text[node.start_mark.index : node.end_mark.index].rstrip()
        if node.tag == TEXT:
            text = repr(node.value)
        elif "\n" in text or not getattr(node, "flow_style", True):
            text = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
        return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"

    def kind(self, path: Path) -> str | None:
        """What YAML takes the plain value at ``path`` for, where it is no text."""
        found = self._find(path)
        return KINDS.get(found[1].tag) if found else None

    def without_value(self) -> Iterator[Path]:
        """Each path at which a key or an item of a list has nothing after it."""
        for path, node in self._scalars():
            if node.tag == "tag:yaml.org,2002:null":
                yield path

    def misleading_numbers(self) -> Iterator[tuple[Path, int]]:
        """Each path at which YAML reads another number than people do, such as 8 from 010."""
        for path, node in self._scalars():
            if node.tag == "tag:yaml.org,2002:int" and not DECIMAL.fullmatch(node.value):
                yield path, yaml.safe_load(node.value)

    def _scalars(self) -> Iterator[tuple[Path, yaml.ScalarNode]]:
        seen: set[int] = set()

        def walk(node: yaml.Node, path: Path) -> Iterator[tuple[Path, yaml.ScalarNode]]:
            if isinstance(node, yaml.ScalarNode):
                yield path, node
            elif id(node) not in seen:
                seen.add(id(node))
                for part, _, value in _parts(node):
                    yield from walk(value, (*path, part))

        yield from walk(self._root, ())

    def _find(self, path: Path) -> tuple[int, yaml.Node] | None:
        """The line of what is at ``path``, that of its key if it has one, and its node."""
        line, node = 1, self._root
        for part in path:
            # The last wins: a key of one's own over one that is merged in.
            found = [(at, value) for name, at, value in _parts(node) if name == part]
            if not found:
                return None
            line, node = found[-1]
        return line, node

    def _problems(
        self, loader: yaml.SafeLoader, node: yaml.Node, path: Path, seen: set[int]
    ) -> Iterator[str]:
        """What makes keys ambiguous, and what has the form of a date, say, and is none."""
        if id(node) in seen:
            return
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            try:
                loader.construct_object(node)  # pyright: ignore[reportUnknownMemberType]
            except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
                line = node.start_mark.line + 1
                kind = KINDS.get(node.tag, "a value of its own")
                message = f"{node.value!r}: looks like {kind} to YAML and is none: put it in quotes"
                yield f"{self.file}:{line}: {dotted(path)}: {message}"
        if isinstance(node, yaml.MappingNode):
            yield from self._keys(node, path)
        for part, _, value in _parts(node):
            yield from self._problems(loader, value, (*path, part), seen)

    def _keys(self, node: yaml.MappingNode, path: Path) -> Iterator[str]:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                yield f"{self.file}:{line}: {dotted(path)}: a key must be text"
                continue
            inner = dotted((*path, key.value))
            if key.tag not in {TEXT, MERGE}:
                kind = KINDS.get(key.tag, "no text")
                message = f"this key is {kind} to YAML: put it in quotes, '{key.value}'"
                yield f"{self.file}:{line}: {inner}: {message}"
            if key.value in lines:
                message = f"is there twice, first in line {lines[key.value]}"
                yield f"{self.file}:{line}: {inner}: {message}"
            lines[key.value] = line

    def _read(self) -> str:
        try:
            content = self.file.read_bytes()
        except OSError as error:
            reason = error.strerror or "is no file"
            raise DeclarationError(f"{self.file}: cannot be read: {reason}") from None
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            byte = content[error.start]
            message = f"is no text in UTF-8: byte 0x{byte:02x} is none of a character"
            raise self._error(content.count(b"\n", 0, error.start) + 1, message) from None

    def _error(self, line: int, message: str) -> DeclarationError:
        return DeclarationError(f"{self.file}:{line}: {message}")


def dotted(path: Path) -> str:
    """``path`` as people write it: ``network.zones[1]``."""
    text = "".join(
        f"[{part}]"
        if isinstance(part, int)
        else f".{part if part.isprintable() and len(part.split()) == 1 else repr(part)}"
        for part in path
    )
    return text.removeprefix(".") or "the declaration"


def _parts(node: yaml.Node) -> Iterator[tuple[str | int, int, yaml.Node]]:
    """Name or index, line and node of each part of ``node``."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield str(key.value), key.start_mark.line + 1, value
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield index, value.start_mark.line + 1, value


def _in_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "it ends too early"
    if "'\\t'" in problem:
        return "is no valid YAML: there is a tab, where YAML takes spaces"
    if "another document" in problem:
        return "is a second document: a file has one, without --- in between"
    if "constructor for the tag" in problem:
        return f"is no valid YAML here: the tag {problem.rpartition('tag ')[2]} is not known"
    return f"is no valid YAML: {problem}"
