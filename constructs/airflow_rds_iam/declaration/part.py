"""What every part of a declaration is."""

from collections.abc import Set

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

# pydantic's schema of a map leaves a key that does not match the pattern alone.
NO_OTHER_KEYS: JsonDict = {"additionalProperties": False}


class Model(BaseModel):
    """A part of the declaration: unknown keys are refused, values do not change."""

    # Strict, as the JSON Schema is: no number is taken for a text, no text for a number.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def refuse_beside_existing(self, made: str, *, allowed: Set[str]) -> None:
        """Refuse what is declared of a thing that exists, and of which nothing is changed.

        Args:
            made: what the other keys are of, such as ``an instance``.
            allowed: names of the fields that may stand beside `existing`.

        Raises:
            ValueError: another is set.
        """
        if beside := sorted(self.model_fields_set - allowed):
            name = type(self).model_fields[beside[0]].alias or beside[0]
            raise ValueError(
                f"{name} is of {made} that is made: it must not stand beside `existing`, of which "
                "nothing is changed"
            )
