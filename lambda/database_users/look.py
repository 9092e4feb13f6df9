"""What a server has of one login, for the doctor, who stands outside of it.

It changes nothing, and tells of no data: whether the user is there, its groups, how many
connections it and its database may still have, and who keeps its sessions waiting.
"""

import json
import logging
import os
import time
from collections.abc import Mapping
from typing import Any, TypeGuard, cast

from database_users.deadline import Deadline
from database_users.desired import InvalidRequestError
from database_users.handler import MARGIN_SECONDS, Context, FailedError, shortened
from database_users.postgres.sql import literal
from database_users.request import parse_target
from rds_login.causes import ServerError

DATABASE = "postgres"  # which every server has

# The first statement makes the transaction that they share one that cannot write.
_LOOK = """
SET TRANSACTION READ ONLY;
SELECT json_build_object(
    'User', (
        SELECT json_build_object(
            'Login', rolcanlogin,
            'Limit', nullif(rolconnlimit, -1),
            'Sessions', (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usesysid = r.oid),
            'Groups', (
                SELECT coalesce(json_agg(g.rolname ORDER BY g.rolname), '[]')
                FROM pg_catalog.pg_roles g
                WHERE g.oid <> r.oid AND pg_catalog.pg_has_role(r.oid, g.oid, 'MEMBER')
            )
        )
        FROM pg_catalog.pg_roles r WHERE rolname = {user}
    ),
    'Database', (
        SELECT json_build_object(
            'Open', datallowconn,
            'Limit', nullif(datconnlimit, -1),
            'Sessions', (SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datid = d.oid)
        )
        FROM pg_catalog.pg_database d WHERE datname = {database}
    ),
    'Left', current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int
        - current_setting('reserved_connections')::int
        - coalesce(
            nullif(current_setting('rds.rds_superuser_reserved_connections', true), '')::int, 0)
        - (SELECT count(*) FROM pg_catalog.pg_stat_activity
           WHERE backend_type = 'client backend'),
    'Waiting', (
        SELECT coalesce(json_agg(json_build_object(
            'Seconds', extract(epoch FROM now() - w.query_start)::int,
            'For', (
                SELECT json_agg(DISTINCT coalesce(h.usename, 'a prepared transaction'))
                FROM unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
                LEFT JOIN pg_catalog.pg_stat_activity h ON h.pid = b.pid
            )
        )), '[]')
        FROM pg_catalog.pg_stat_activity w
        WHERE w.usename = {user} AND cardinality(pg_catalog.pg_blocking_pids(w.pid)) > 0
    )
)::text
"""

log = logging.getLogger("database_users")


def handle(event: object, context: Context) -> dict[str, Any]:
    """What the server has of ``{"User": …, "Database": …}``.

    Raises:
        FailedError: the event is another, or the server cannot be asked, and why.
    """
    logging.getLogger().setLevel(logging.INFO)
    seconds = context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS
    try:
        user, database = _asked(event)
        target = parse_target(os.environ)
        log.info("looking for %s in %s", json.dumps(user), json.dumps(database))
        with target.connect(DATABASE, Deadline(time.monotonic() + seconds)) as session:
            sql = _LOOK.format(user=literal(user), database=literal(database))
            [[found]] = session.query(sql, "what the server has of a login")
            return json.loads(found)
    except (InvalidRequestError, ServerError) as error:
        log.error("%s", error)  # noqa: TRY400 (a traceback adds nothing)
        raise FailedError(shortened(str(error))) from None


def _asked(event: object) -> tuple[str, str]:
    if not isinstance(event, Mapping):
        raise InvalidRequestError("the event is no object")
    fields = cast("Mapping[object, object]", event)
    user, database = fields.get("User"), fields.get("Database")
    if len(fields) == 2 and _is_name(user) and _is_name(database):
        return user, database
    raise InvalidRequestError(
        f"the event has {', '.join(map(str, fields)) or 'nothing'}; allowed are User and Database,"
        " and nothing else: names of 1 to 63 characters"
    )


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) < 64 and "\0" not in value
