"""What every part of a declaration is."""

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

# pydantic's schema of a map leaves a key that does not match the pattern alone.
NO_OTHER_KEYS: JsonDict = {"additionalProperties": False}


class Model(BaseModel):
    """A part of the declaration: unknown keys are refused, values do not change."""

    # Strict, as the JSON Schema is: no number is taken for a text, no text for a number.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
