"""Reads, plans and runs: what a deploy, a plan and a check have in common."""

import logging
import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from database_users.desired import IAM, Database
from database_users.errors import (
    DatabaseUsersError,
    LockTimeoutError,
    RefusedStatementError,
    UnsuitableServerError,
)
from database_users.postgres.catalog import (
    NEW_DATABASE,
    SERVER_QUERY,
    Contents,
    Row,
    Server,
    contents_from_rows,
    contents_query,
    server_from_rows,
)
from database_users.postgres.comparison import Comparison
from database_users.postgres.connection import LOCK_SECONDS, Deadline, Session
from database_users.postgres.planners.lockout import lockout_findings, refuse_lockouts
from database_users.postgres.planners.objects import (
    ObjectPlan,
    databases_to_hand_over,
    plan_objects,
)
from database_users.postgres.planners.server import ServerPlan, plan_server
from database_users.postgres.statements import HOME, Statement, Statements

WORKERS = 8
ATTEMPTS = 5
OLDEST_VERSION = 16  # memberships have INHERIT and SET options since then
LOCK_TRIES = 3
LOCK_WAIT_SECONDS = 50
ADVISORY_LOCK = 70_223_593_121  # any number that nobody else takes

_HOLDERS = """SELECT format('%s (process %s, in %s since %s: %s)', usename, pid, datname,
    date_trunc('second', xact_start), state) FROM pg_stat_activity
    WHERE pid = ANY (pg_blocking_pids({:d}))"""

log = logging.getLogger("database_users")
T = TypeVar("T")
Connect = Callable[[str], Session]
Scope = Callable[[Comparison], Collection[str]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run would do."""

    comparison: Comparison
    server: ServerPlan
    databases: Mapping[str, ObjectPlan]
    findings: tuple[str, ...]

    def statements(self) -> Iterator[Statement]:
        """The statements in the order in which they would run."""
        server = self.server
        for transaction in (server.close, server.disconnect, server.prepare, *server.create):
            yield from transaction
        for database in self.databases.values():
            for transaction in (*database.hand_over.values(), database.statements):
                yield from transaction
        for transaction in (server.open, *server.remove):
            yield from transaction


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: `statements` is how many ran, `databases` how many it entered."""

    statements: int
    databases: int
    findings: tuple[str, ...]


def everything(comparison: Comparison) -> frozenset[str]:
    """The scope of a run that enters every declared database."""
    return frozenset(database.name for database in comparison.databases)


def changed_since(old: Iterable[Database]) -> Scope:
    """The scope of a run after `old` was brought about: what differs from it, or is unfinished.

    Within a database nothing depends on the login users, and a database is opened for its roles
    last, so that what the server-wide catalog shows as open was finished once.
    """
    known = frozenset(old)

    def scope(comparison: Comparison) -> Collection[str]:
        owning = {holding.database for holding in comparison.server.holdings if holding.owns}
        return {
            database.name
            for database in comparison.databases
            if database not in known
            or not _was_opened(comparison, database)
            or (database.old_owners and database.name in owning)
        }

    return scope


def _was_opened(comparison: Comparison, database: Database) -> bool:
    existing = comparison.server.databases.get(database.name)
    return existing is not None and {database.reader, database.writer} <= {
        grant.grantee for grant in existing.acl if "CONNECT" in grant.privileges
    }


def plan_from_nothing(databases: tuple[Database, ...], server: Server) -> Plan:
    """The plan for a `server` whose databases are all missing: no connection is made."""
    comparison = Comparison(databases, server)
    return _plan(
        comparison,
        {
            database.name: plan_objects(comparison, database.name, NEW_DATABASE)
            for database in databases
        },
    )


def survey(connect: Connect, databases: tuple[Database, ...], deadline: Deadline) -> Plan:
    """The plan for the server at hand; writes nothing.

    Raises:
        DatabaseUsersError: the server cannot be read.
        LockoutError: the plan would lock somebody out.
    """

    def attempt() -> Plan:
        with connect(HOME) as home:
            comparison = Comparison(databases, _read_server(home, "pg_advisory_lock_shared"))
            names = sorted(everything(comparison) | databases_to_hand_over(comparison))
            plans = _in_parallel(lambda name: _planned(connect, comparison, name), names)
            return _plan(comparison, dict(zip(names, plans, strict=True)))

    return _retried(attempt, deadline)


def _planned(connect: Connect, comparison: Comparison, name: str) -> ObjectPlan:
    existing = comparison.server.databases.get(name)
    if existing is None or not existing.allows_connections:
        return plan_objects(comparison, name, NEW_DATABASE)
    with connect(name) as session:
        return plan_objects(comparison, name, _read_contents(session, comparison.server))


def _plan(comparison: Comparison, databases: Mapping[str, ObjectPlan]) -> Plan:
    refuse_lockouts(comparison)
    server = plan_server(comparison)
    findings = (
        *lockout_findings(comparison),
        *server.findings,
        *(finding for plan in databases.values() for finding in plan.findings),
    )
    return Plan(comparison, server, databases, findings)


def converge(
    connect: Connect, databases: tuple[Database, ...], deadline: Deadline, scope: Scope = everything
) -> Outcome:
    """Makes the server what `databases` says, entering the databases in `scope`.

    Raises:
        DatabaseUsersError: something is in the way; what is done stays done.
        LockoutError: the plan would lock somebody out; nothing was changed.
    """
    return _retried(lambda: _converge(connect, databases, scope), deadline)


def _converge(connect: Connect, databases: tuple[Database, ...], scope: Scope) -> Outcome:
    with connect(HOME) as home:
        run = _Run(connect)
        comparison = Comparison(databases, _read_server(home, "pg_advisory_lock"))
        refuse_lockouts(comparison)
        names = set(scope(comparison))
        plan = plan_server(comparison)
        run(home, plan.close)
        if plan.disconnect:
            run(home, plan.disconnect)
            # What the users whose sessions ended have made until then is known only now.
            comparison = Comparison(databases, _read_server(home))
            plan = plan_server(comparison)
        run(home, plan.prepare)
        for transaction in plan.create:
            run(home, transaction)
        names |= databases_to_hand_over(comparison)
        visits = _in_parallel(lambda name: _visit(run, comparison, name), sorted(names))
        run(home, plan.open)
        findings = [*lockout_findings(comparison), *plan.findings]
        for visited in visits:
            findings += visited
        for transaction in plan.remove:
            findings += run.if_possible(home, transaction)
    for finding in findings:
        log.warning("%s", finding)
    if not run.count:
        log.info("nothing to do: every role, database and privilege is as declared")
    return Outcome(run.count, len(names), tuple(findings))


def _visit(run: "_Run", comparison: Comparison, name: str) -> tuple[str, ...]:
    try:
        with run.connect(name) as session:
            plan = plan_objects(comparison, name, _read_contents(session, comparison.server))
            findings = list(plan.findings)
            for transaction in plan.hand_over.values():
                findings += run.if_possible(session, transaction)
            run(session, plan.statements)
            return tuple(findings)
    except DatabaseUsersError as error:
        if name in comparison.declared or error.transient:
            raise
        return (f"{name}: {error}",)


class _Run:
    """Runs statements, logs their sentences and counts them."""

    def __init__(self, connect: Connect) -> None:
        self.connect = connect
        self.count = 0

    def __call__(self, session: Session, statements: Statements) -> None:
        session.run(statements, self._holder)
        self.count += len(statements)
        for statement in statements:
            log.info("%s", statement.sentence)

    def if_possible(self, session: Session, statements: Statements) -> tuple[str, ...]:
        """Runs `statements`; what the server refuses is reported, and the run goes on."""
        try:
            self(session, statements)
        except (RefusedStatementError, LockTimeoutError) as error:
            return (str(error),)
        return ()

    def _holder(self, process: int) -> str:
        try:
            with self.connect(HOME) as session:
                rows = session.query(_HOLDERS.format(process), "reading who holds the lock")
        except DatabaseUsersError:
            return ""
        return ", ".join(text for (text,) in rows)


def _read_server(home: Session, lock: str = "") -> Server:
    sql = SERVER_QUERY
    if lock:
        # A function that died does not say so: let the server find out, and end its lock.
        sql = f"""SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10;
            SET tcp_keepalives_count = 3; SET lock_timeout = '{LOCK_WAIT_SECONDS}s';
            SELECT 'lock', {lock}({ADVISORY_LOCK})::text; SET lock_timeout = '{LOCK_SECONDS}s';
            {SERVER_QUERY}"""
    server = server_from_rows(_locked_query(home, sql))
    if server.version < OLDEST_VERSION:
        raise UnsuitableServerError(
            f"the server is PostgreSQL {server.version}; allowed is {OLDEST_VERSION} or newer"
        )
    if server.in_recovery:
        raise UnsuitableServerError("the server is a read replica, which takes no changes")
    if IAM not in server.roles:
        raise UnsuitableServerError(
            f"the role {IAM} does not exist: turn IAM authentication on for the instance"
        )
    return server


def _locked_query(home: Session, sql: str) -> list[Row]:
    for tried in range(1, LOCK_TRIES + 1):
        try:
            return home.query(sql, "reading the roles and databases")
        except LockTimeoutError:
            log.info("waiting for another run")
            if tried == LOCK_TRIES:
                raise LockTimeoutError(
                    f"another run has been at work for {tried * LOCK_WAIT_SECONDS} seconds: wait"
                    f" for it, or end the session that holds the advisory lock {ADVISORY_LOCK}"
                ) from None
    raise AssertionError("unreachable")


def _read_contents(session: Session, server: Server) -> Contents:
    query = contents_query(server.catalogs_of(session.database))
    return contents_from_rows(session.query(query, f"reading the objects of {session.database}"))


def _in_parallel(action: Callable[[str], T], names: Collection[str]) -> list[T]:
    """`action` for each of `names`; all of them are tried before the first error is raised."""
    with ThreadPoolExecutor(WORKERS) as workers:
        futures = [workers.submit(action, name) for name in names]
    errors = [error for future in futures if (error := future.exception())]
    for error in errors[1:]:
        log.error("%s", error)
    if errors:
        raise errors[0]
    return [future.result() for future in futures]


def _retried(action: Callable[[], T], deadline: Deadline) -> T:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return action()
        except DatabaseUsersError as error:
            if not error.transient or attempt == ATTEMPTS:
                raise
            log.warning("%s; trying again (%d of %d)", error, attempt, ATTEMPTS - 1)
            pause = 2**attempt * random.uniform(0.1, 0.2)  # noqa: S311
            time.sleep(min(pause, deadline.left()))
    raise AssertionError("unreachable")
