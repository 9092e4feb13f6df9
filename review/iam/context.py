"""What is known of a request beside who asks for what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from review.iam.matching import LITERAL_QUESTION_MARK, LITERAL_STAR, token

_VARIABLE = re.compile(r"\$\{\s*([^},]*?)\s*(?:,\s*'([^']*)'\s*)?\}")
_ESCAPED = {"*": LITERAL_STAR, "?": LITERAL_QUESTION_MARK, "$": "$"}


@dataclass(frozen=True)
class Context:
    """Condition keys with their values.

    Args:
        values: by condition key, in any case; a list is a multivalued key.
        complete: whether every other key is absent; else nothing is known of them.
    """

    values: Mapping[str, str | Sequence[str]] = field(default_factory=dict[str, str])
    complete: bool = False

    @cached_property
    def _by_lower_key(self) -> dict[str, list[str]]:
        return {
            key.lower(): [value] if isinstance(value, str) else list(value)
            for key, value in self.values.items()
        }

    def get(self, key: str) -> list[str] | None:
        """The values of ``key``; none if it is absent or, where not complete, not known."""
        return self._by_lower_key.get(key.lower())

    def expanded(self, text: str) -> str | None:
        """``text`` with its policy variables replaced; None if one is absent, without a default.

        Source: "IAM policy elements: Variables and tags". A value's own wildcards match nothing
        but themselves.
        """
        if "${" not in text:
            return text
        absent = False

        def value(found: re.Match[str]) -> str:
            nonlocal absent
            name, default = found.groups()
            if name in _ESCAPED:
                return _ESCAPED[name]
            known = self.get(name)
            if known is None and not self.complete:
                return token(f"${{{name}}}", kind="?")
            if known is None and default is None:
                absent = True
            literal = default if known is None else known[0] if len(known) == 1 else None
            if literal is None:  # a multivalued key is no variable
                absent = True
                return ""
            return literal.replace("*", LITERAL_STAR).replace("?", LITERAL_QUESTION_MARK)

        expanded = _VARIABLE.sub(value, text)
        return None if absent else expanded
