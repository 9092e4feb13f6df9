"""The function that has an administrator made by a master user with a password, once."""

import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from database_users.deadline import Deadline
from database_users.desired import IAM, InvalidRequestError
from database_users.errors import LockoutError, UnsuitableServerError
from database_users.handler import MARGIN_SECONDS, Context, FailedError, shortened
from database_users.postgres.administrator import dropping, giving_up, lacking, making
from database_users.postgres.reading import ALONE, read_server
from database_users.postgres.session import Connect, Session
from database_users.postgres.statements import HOME
from database_users.postgres.watch import Watch
from database_users.request import parse_target
from database_users.retry import spread
from database_users.secret import Master, read_master
from rds_login.causes import RefusedLoginError, RefusedTokenError, ServerError
from rds_login.printable import printable

SECRET = "MASTER_SECRET"  # noqa: S105 (the variable's name)

log = logging.getLogger("database_users")


def handle(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Answers CloudFormation's provider framework; a deletion leaves the administrator there.

    Raises:
        FailedError: naming the cause and the remedy.
    """
    logging.getLogger().setLevel(logging.INFO)
    if event.get("RequestType") == "Delete":
        return {"PhysicalResourceId": event["PhysicalResourceId"]}
    deadline = Deadline(
        time.monotonic() + context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
    )
    try:
        target = parse_target(os.environ)
        arn = os.environ.get(SECRET, "")

        def as_administrator() -> Session:
            return target.connect(HOME, deadline)

        def as_master(master: Master) -> Connect:
            known = replace(target, user=master.user, token=master.password)
            return lambda database: known.connect(database, deadline)

        ensure(
            target.user,
            as_administrator,
            as_master,
            lambda: read_master(arn, target.region),
            deadline,
        )
    except (InvalidRequestError, LockoutError, ServerError) as error:
        log.error("%s", error)  # noqa: TRY400 (a traceback adds nothing)
        raise FailedError(shortened(str(error))) from None
    return {"PhysicalResourceId": f"administrator:{target.user}"}


def ensure(
    administrator: str,
    as_administrator: Callable[[], Session],
    as_master: Callable[[Master], Connect],
    read: Callable[[], Master],
    deadline: Deadline,
) -> None:
    """Has the master make the `administrator`, unless that logs in already; at last, it logs in.

    Raises:
        ServerError: something is in the way; nothing was changed, or the next run goes on.
        LockoutError: the master would have lost its login by password; nothing was changed.
    """
    try:
        as_administrator().__exit__()
    except RefusedLoginError:
        _make(administrator, as_master, read())
        spread(as_administrator, deadline).__exit__()
    log.info("%s logs in with a token: the password of the master is needed no more", administrator)


def _make(administrator: str, as_master: Callable[[Master], Connect], master: Master) -> None:
    if master.user == administrator:
        raise UnsuitableServerError(
            f"{administrator} is the master user that has the password: the administrator must be"
            " another, which is made"
        )
    connect = as_master(master)
    with _with_password(connect, master) as session:
        server = read_server(session, ALONE)
        if administrator in server.roles:
            if lacks := lacking(server, administrator):
                raise UnsuitableServerError(
                    f"the role {administrator} was there before, and is no administrator (it lacks"
                    f" {', '.join(lacks)}): declare another name, of a role that is made"
                )
            return
        with Watch(lambda _: "") as watch:
            statements = tuple(making(administrator, master.user))
            session.run(statements, watch)
            for statement in statements:
                log.info("%s", statement.sentence)
            for notice in session.driver.notices:
                log.warning("%s", printable(notice.get(b"M", b"").decode(errors="replace")))
            try:
                # RDS has rules of its own: the login is tried while there is a way back.
                _with_password(connect, master).__exit__()
            except RefusedLoginError as error:
                back = *giving_up(administrator, master.user), dropping(administrator)
                session.run(back, watch)
                raise LockoutError(
                    f"{master.user} lost its login by password with {administrator}, which is gone"
                    f" again ({error}): have the administrator made by hand, and declare it without"
                    " `bootstrap`"
                ) from None


def _with_password(connect: Connect, master: Master) -> Session:
    try:
        return connect(HOME)
    except RefusedTokenError:
        raise RefusedLoginError(
            f"{master.user} is refused with the password of its secret: that must be the one that"
            f" it has, and {master.user} must be in {IAM} by no chain of memberships, or it logs in"
            " with a token alone"
        ) from None
