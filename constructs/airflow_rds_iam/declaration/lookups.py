"""What was looked up in an account, and is committed beside the declarations that name it.

A synthesis, a review and the doctor read it as they read the declaration, without an account.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path as FilePath
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from airflow_rds_iam.declaration.document import DeclarationError, Path
from airflow_rds_iam.declaration.values import ServerIdentifier
from airflow_rds_iam.declaration.words import allowed

FILE = "lookups.json"
_IDENTIFIER: TypeAdapter[str] = TypeAdapter(ServerIdentifier)
TOLD = ("endpoint", "reader_endpoint", "port", "resource_id")
"""What a look-up tells of a server and nobody declares beside it."""


def place(account: object, region: object) -> str:
    """What the servers of an account and a region stand under."""
    return f"{account}/{region}"


def read(folder: FilePath) -> dict[str, dict[str, dict[str, Any]]]:
    """Each place's servers by their identifiers, of the declarations in ``folder``.

    Raises:
        DeclarationError: the file is not as it was written.
    """
    file = folder / FILE
    try:
        content = json.loads(file.read_text())
        return {where: {name: {**one} for name, one in of.items()} for where, of in content.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DeclarationError(
            f"{file}: is not as `make lookup` wrote it ({error}): take it from git, or remove it "
            "and run that again"
        ) from None


def wanted(content: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The path and the content of each server that is declared by look-up."""
    for name, instance in _mapping(content.get("instances")).items():
        server = _mapping(_mapping(instance).get("existing"))
        if isinstance(server.get("lookup"), str):
            yield ("instances", name, "existing"), server


def misnamed(name: str) -> str | None:
    """Why ``name`` is not what RDS calls a server; None if it may be.

    RDS would take an ARN, too, and tell of a server of another account.
    """
    try:
        _IDENTIFIER.validate_python(name, strict=True)
    except ValidationError:
        return f"{name!r}: must be {allowed(_IDENTIFIER.json_schema())}"
    return None


def _mapping(value: Any) -> dict[str, Any]:
    """The value, where it is one: a mistake is told by whoever validates the whole."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def completed(content: Any, folder: FilePath) -> tuple[Any, list[tuple[Path, str]]]:
    """A declaration's content with what was looked up; where it lacks something, and what.

    Nothing stands in for what was not looked up.
    """
    whole = deepcopy(content)
    known = read(folder).get(place(content.get("account"), content.get("region")), {})
    wrong: list[tuple[Path, str]] = []
    for path, server in wanted(whole):
        name = server["lookup"]
        if why := misnamed(name):
            wrong.append(((*path, "lookup"), why))
            continue
        wrong += [
            ((*path, "lookup"), f"{name!r}: {key} must not stand beside it, which tells that")
            for key in TOLD
            if key in server
        ]
        if name not in known:
            message = (
                f"{name!r}: must be looked up in this account and region first: `make lookup "
                f"ENVIRONMENT=…`, and commit {FILE} beside this file"
            )
            wrong.append(((*path, "lookup"), message))
            continue
        # Of one in another network nobody knows here whether its group is to let somebody in.
        left = {*server, *(["security_group"] if "ranges" in server else [])}
        server.update({key: value for key, value in known[name].items() if key not in left})
    return whole, wrong
