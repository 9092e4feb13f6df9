"""The function's entry."""

import json
import logging
import os
import time
from collections.abc import Mapping
from itertools import islice
from typing import Any, Protocol

from database_users.deadline import Deadline
from database_users.errors import LockoutError
from database_users.postgres.run import Outcome, converge, retire, survey
from database_users.postgres.scope import changed_since, everything
from database_users.postgres.session import Session
from database_users.postgres.target import Target
from database_users.report import lines
from database_users.request import (
    OURS,
    Custody,
    InvalidRequestError,
    Request,
    parse_custody,
    parse_request,
    parse_target,
)
from rds_login.causes import ServerError, UnresolvedNameError

MARGIN_SECONDS = 10  # kept of the function's time for the answer
HANDOVER_SECONDS = 10  # who has read a connection logs in with it by then
PLAN_LINES = 100  # of a plan that is asked for
MESSAGE_BYTES = 2000  # an answer to CloudFormation has 4,096 bytes at most

log = logging.getLogger("database_users")


class Context(Protocol):
    """What Lambda says of the invocation."""

    def get_remaining_time_in_millis(self) -> int: ...  # noqa: D102


class FailedError(Exception):
    """What CloudFormation and the caller are told: one short message."""


def handle(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answers CloudFormation's provider framework, or a plan or a check by direct invocation.

    Raises:
        FailedError: naming the cause and the remedy.
    """
    logging.getLogger().setLevel(logging.INFO)
    seconds = context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
    try:
        target = parse_target(os.environ)
        custody = parse_custody(os.environ)
        request = parse_request(event, target.user)
        return answer(request, target, Deadline(time.monotonic() + seconds), custody)
    except (InvalidRequestError, LockoutError, ServerError) as error:
        log.error("%s", error)  # noqa: TRY400 (a traceback adds nothing)
        raise FailedError(shortened(str(error))) from None


def answer(
    request: Request, target: Target, deadline: Deadline, custody: Custody = OURS
) -> dict[str, Any]:
    """Does what `request` asks for; of a server that is observed, it tells what it would do.

    Raises:
        ServerError: something is in the way.
        LockoutError: the plan would lock somebody out.
    """

    def connect(database: str) -> Session:
        return target.connect(database, deadline)

    match request.action:
        case "plan" | "check":
            plan = survey(
                connect,
                request.databases,
                deadline,
                lived_in=custody.lived_in,
                mark=request.mark,
            )
            outstanding = sum(1 for _ in plan.statements())
            for line in lines(plan):
                log.info("%s", line)
            unread = len(plan.unread)
            if request.metrics is not None:
                request.metrics.emit(statements=outstanding, unread=unread)
            counts = {
                "Statements": outstanding,
                "Findings": len(plan.findings),
                "Unread": unread,
            }
            if request.action == "check":
                return counts
            # Whoever asks for a plan reads it; the log has all of it.
            return {**counts, "Lines": list(islice(lines(plan), PLAN_LINES))}
        case "Create" | "Update" | "Delete" if custody.observed:
            if request.action != "Delete" and not request.retires:
                plan = survey(
                    connect,
                    request.databases,
                    deadline,
                    lived_in=custody.lived_in,
                    mark=request.mark,
                )
                for line in lines(plan):
                    log.info("observed, not done: %s", line)
            return _answered(request, Outcome(0, 0, ()))
        case "Delete" if request.retires:
            # The resource of the first step removes them, wherever this one goes.
            return {"PhysicalResourceId": request.physical_id}
        case "Create" | "Update" if request.retires:
            if request.action == "Update":
                time.sleep(min(HANDOVER_SECONDS, deadline.left()))
            outcome = retire(connect, deadline, lived_in=custody.lived_in, mark=request.mark)
            return _answered(request, outcome)
        case "Create" | "Update" | "Delete":
            scope = everything if request.before is None else changed_since(request.before)
            try:
                outcome = converge(
                    connect,
                    request.databases,
                    deadline,
                    scope,
                    request.transition,
                    lived_in=custody.lived_in,
                    mark=request.mark,
                    arriving=custody.lived_in and request.action == "Create",
                )
            except UnresolvedNameError as error:
                if request.action != "Delete":
                    raise
                log.warning("%s; an instance that is gone has no users left", error)
                return {"PhysicalResourceId": request.physical_id}
            return _answered(request, outcome)


def _answered(request: Request, outcome: Outcome) -> dict[str, Any]:
    return {
        "PhysicalResourceId": request.physical_id,
        "Data": {
            "Statements": outcome.statements,
            "Databases": outcome.databases,
            "Findings": len(outcome.findings),
            "Handover": outcome.handover,
        },
    }


def shortened(message: str) -> str:
    """`message`, cut to what leaves room in an answer of 4,096 bytes, however it is escaped."""
    short = message
    while len(json.dumps(short)) > MESSAGE_BYTES:
        message = message[: len(message) * 3 // 4]
        short = f"{message}… (too large for an answer to CloudFormation: the log has all of it)"
    return short
