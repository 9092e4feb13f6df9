"""The event and the environment, checked before a connection is made."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from database_users.desired import (
    Database,
    InvalidRequestError,
    mark,
    parse_databases,
    parse_prefix,
)
from database_users.metric import Metrics
from database_users.postgres.target import Target
from database_users.rollback import Transition, digest, revoked

Action = Literal["Create", "Update", "Delete", "plan", "check"]
_REQUEST_TYPES = ("Create", "Update", "Delete")
_MODES = ("plan", "check")
_LAST_STEP = "retire"
_OF_PREFIX = ":"  # between the name of the resource and its prefix
_SAME = (
    "InstanceResourceId",
    "Repair",
    "Observed",
)  # or what the last deploy brought about may be gone


@dataclass(frozen=True, slots=True)
class Request:
    """What the function is asked for.

    `before` is what the last deploy asked for, if it helps; `metrics` take the result of a check.
    `transition` is what a deploy of CloudFormation's changes, which it may have to take back.
    The last step of a deploy `retires` users that are declared no more, as the first one noted on
    the server, and does nothing else.
    The environment's group roles and login users are known by its `prefix`, if it has one.
    """

    action: Action
    databases: tuple[Database, ...]
    before: tuple[Database, ...] | None
    physical_id: str
    metrics: Metrics | None = None
    retires: bool = False
    transition: Transition | None = None
    prefix: str = ""

    @property
    def mark(self) -> str:
        """The role whose members are this environment's login users."""
        return mark(self.prefix)


@dataclass(frozen=True, slots=True)
class Custody:
    """Whose the server is: others `lived_in` it before, and it may be `observed` alone."""

    lived_in: bool = False
    observed: bool = False


OURS = Custody()


def parse_custody(environment: Mapping[str, str]) -> Custody:
    """Raises:
    InvalidRequestError: a variable is wrong.
    """
    lived_in, observed = (
        environment.get(name, "false") for name in ("SERVER_LIVED_IN", "SERVER_OBSERVED")
    )
    for name, value in (("SERVER_LIVED_IN", lived_in), ("SERVER_OBSERVED", observed)):
        if value not in ("true", "false"):
            raise InvalidRequestError(f"{name}: {value!r} is neither true nor false")
    return Custody(lived_in == "true", observed == "true")


def parse_target(environment: Mapping[str, str]) -> Target:
    """Raises:
    InvalidRequestError: a variable is missing or wrong.
    """
    host, user, region, root = (
        _variable(environment, name)
        for name in ("DATABASE_HOST", "MASTER_USER", "AWS_REGION", "LAMBDA_TASK_ROOT")
    )
    port = _variable(environment, "DATABASE_PORT")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise InvalidRequestError(f"DATABASE_PORT: {port!r} is no port; allowed is 1 to 65535")
    return Target(host, int(port), user, region, Path(root) / "global-bundle.pem")


def _variable(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise InvalidRequestError(f"the environment variable {name} is not set")
    return value


def parse_request(event: object, master: str) -> Request:
    """Raises:
    InvalidRequestError: naming the place in the event, the value and what is allowed.
    """
    if not isinstance(event, Mapping):
        raise InvalidRequestError("the event is no object")
    fields = cast(Mapping[object, object], event)
    mode = fields.get("Mode")
    if mode is not None:
        if mode not in _MODES:
            raise InvalidRequestError(f"Mode: {mode!r} is unknown; allowed is plan or check")
        prefix = parse_prefix(fields.get("Prefix"))
        databases = parse_databases(fields.get("Databases"), master, prefix)
        # Who may stay while a deploy is under way is nobody that is declared.
        databases = tuple(replace(database, retiring=()) for database in databases)
        metrics = _metrics(fields.get("Metrics")) if mode == "check" else None
        return Request(cast(Action, mode), databases, None, "", metrics, prefix=prefix)
    action = fields.get("RequestType")
    if action not in _REQUEST_TYPES:
        raise InvalidRequestError(
            f"RequestType: {action!r} is unknown; allowed is {', '.join(_REQUEST_TYPES)}, or a Mode"
        )
    properties = _properties(fields, "ResourceProperties")
    step = properties.get("Step")
    if step not in (None, _LAST_STEP):
        raise InvalidRequestError(f"Step: {step!r} is unknown; allowed is {_LAST_STEP}, or none")
    retires = step == _LAST_STEP
    prefix = parse_prefix(properties.get("Prefix"), "ResourceProperties.Prefix")
    physical_id = fields.get("PhysicalResourceId")
    if not isinstance(physical_id, str) or not physical_id:
        physical_id = "retired-database-users" if retires else "database-users"
        physical_id += f"{_OF_PREFIX}{prefix}" if prefix else ""
    if action == "Delete":  # whatever was declared, nobody is to log in any more
        return Request("Delete", (), None, physical_id, retires=retires, prefix=prefix)
    was = physical_id.partition(_OF_PREFIX)[2]
    if was != prefix:
        # What it made would stay, log people in, and be nobody's.
        raise InvalidRequestError(
            f"ResourceProperties.Prefix: {prefix!r} is not the prefix that this environment's roles"
            f" were made with, {was!r}: it stays what it is"
        )
    if retires:
        return Request(cast(Action, action), (), None, physical_id, retires=True, prefix=prefix)
    databases = parse_databases(properties.get("Databases"), master, prefix)
    before = transition = None
    if action == "Update":
        before = _before(fields, properties, master, prefix)
        transition = _transition(fields, properties, databases, master, prefix)
    return Request(
        cast(Action, action),
        databases,
        before,
        physical_id,
        transition=transition,
        prefix=prefix,
    )


def _metrics(value: object) -> Metrics | None:
    """Where a check is counted; one that somebody asks for by hand may be counted nowhere."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InvalidRequestError(f"Metrics: {value!r} is no object")
    metrics = cast(Mapping[object, object], value)
    namespace, statements, unread = (
        _text(metrics.get(key), f"Metrics.{key}") for key in ("Namespace", "Statements", "Unread")
    )
    dimensions = metrics.get("Dimensions")
    if not isinstance(dimensions, Mapping):
        raise InvalidRequestError(f"Metrics.Dimensions: {dimensions!r} is no object")
    found = {
        _text(key, "Metrics.Dimensions"): _text(item, f"Metrics.Dimensions.{key}")
        for key, item in cast(Mapping[object, object], dimensions).items()
    }
    return Metrics(namespace, found, statements, unread)


def _text(value: object, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidRequestError(f"{place}: {value!r} is no text, or an empty one")
    return value


def _before(
    fields: Mapping[object, object],
    properties: Mapping[object, object],
    master: str,
    prefix: str,
) -> tuple[Database, ...] | None:
    """What the last deploy brought about on the same instance, if that is known and trusted.

    Where a repair is asked for, what may have changed since is not: everything is looked at.
    """
    old = fields.get("OldResourceProperties")
    if not isinstance(old, Mapping):
        return None
    known = cast(Mapping[object, object], old)
    if any(known.get(key) != properties.get(key) for key in _SAME):
        return None
    try:
        return parse_databases(known.get("Databases"), master, prefix)
    except InvalidRequestError:
        return None


def _transition(
    fields: Mapping[object, object],
    properties: Mapping[object, object],
    databases: tuple[Database, ...],
    master: str,
    prefix: str,
) -> Transition | None:
    """What changes in a deploy; nobody else than CloudFormation goes back by itself."""
    old = fields.get("OldResourceProperties")
    if "StackId" not in fields or not isinstance(old, Mapping):
        return None
    known = cast(Mapping[object, object], old)
    try:
        before = parse_databases(known.get("Databases"), master, prefix)
    except InvalidRequestError:
        before = ()
    return Transition(digest(known), digest(properties), revoked(before, databases))


def _properties(fields: Mapping[object, object], name: str) -> Mapping[object, object]:
    value = fields.get(name)
    if not isinstance(value, Mapping):
        raise InvalidRequestError(f"{name}: {type(value).__name__} is no object")
    return cast(Mapping[object, object], value)
