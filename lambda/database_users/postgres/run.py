"""What the function is asked for: to plan, or to bring about."""

import logging
from dataclasses import dataclass

from database_users.deadline import Deadline
from database_users.desired import MANAGED, Database
from database_users.errors import UnfinishedError
from database_users.note import Note
from database_users.plan import Phase, Plan, Step, Transaction
from database_users.postgres.catalog.contents import Contents
from database_users.postgres.catalog.server import Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.dry_run import DryRun
from database_users.postgres.order import follow
from database_users.postgres.planners.lived_in import refuse_strangers
from database_users.postgres.reading import ALONE, AMONG_READERS, read_contents, read_server
from database_users.postgres.real_run import RealRun
from database_users.postgres.revoked import remembered, written
from database_users.postgres.scope import Scope, everything, nothing
from database_users.postgres.session import Connect, Session
from database_users.postgres.statements import HOME
from database_users.retry import admitted, retried, spread
from database_users.rollback import Transition

log = logging.getLogger("database_users")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did: `statements` is how many ran, `databases` how many it entered."""

    statements: int
    databases: int
    findings: tuple[str, ...]
    handover: str = "none"
    """Another than before where users retire, and the last step of a deploy is to follow."""


def plan_from_nothing(databases: tuple[Database, ...], server: Server) -> Plan:
    """The plan for a `server` whose databases are all missing: no connection is made."""
    return follow(DryRun(server), databases)


def survey(
    connect: Connect,
    databases: tuple[Database, ...],
    deadline: Deadline,
    *,
    lived_in: bool = False,
    mark: str = MANAGED,
) -> Plan:
    """The plan for the server at hand; writes nothing. It names the databases that it is not for.

    Raises:
        ServerError: the server cannot be read.
        LockoutError: the plan would lock somebody out.
    """

    def read(comparison: Comparison, name: str) -> Contents:
        def attempt() -> Contents:
            with admitted(lambda: connect(name), deadline) as session:
                return read_contents(session, comparison)

        return retried(attempt, deadline)

    def attempt() -> Plan:
        with connect(HOME) as home:
            dry = DryRun(read_server(home, AMONG_READERS, mark), read)
            return _whole(follow(dry, databases, lived_in=lived_in))

    return retried(attempt, deadline)


def converge(
    connect: Connect,
    databases: tuple[Database, ...],
    deadline: Deadline,
    scope: Scope = everything,
    transition: Transition | None = None,
    *,
    lived_in: bool = False,
    mark: str = MANAGED,
    arriving: bool = False,
) -> Outcome:
    """Makes the server what `databases` says, entering the databases in `scope`.

    It may come so soon after the policy for it that IAM has still to make that known. Where the
    `transition` to them is a rollback, whom the deploy revoked stays out. The members of the role
    `mark` are ours; on a server at which this is `arriving`, there are none yet.

    Raises:
        ServerError: something is in the way; the rest is done, and stays done.
        LockoutError: the plan would lock somebody out, or, on a server that is `lived_in`, take
            from somebody who is not declared; nothing was changed.
    """

    def attempt() -> tuple[Plan, str]:
        with spread(lambda: connect(HOME), deadline) as home:
            server = read_server(home, ALONE, mark)
            if arriving:
                refuse_strangers(server, databases)
            begun = remembered(databases, server, transition)
            with _real_run(server, databases, connect, home, deadline) as real:
                done = follow(real, begun.databases, scope, begun.first, lived_in=lived_in)
        return _told(done), begun.handover

    done, handover = retried(attempt, deadline)
    return _outcome(done, handover)


def retire(
    connect: Connect, deadline: Deadline, *, lived_in: bool = False, mark: str = MANAGED
) -> Outcome:
    """Removes the users that stayed while connections named them, as the last run noted.

    Raises:
        ServerError: something is in the way; the rest is done, and the next run notes it again.
    """

    def attempt() -> Plan:
        with spread(lambda: connect(HOME), deadline) as home:
            server = read_server(home, ALONE, mark)
            note = Note.parse(server.note)
            databases = note.handover.databases
            if databases is None:
                return Plan((), ())
            with _real_run(server, databases, connect, home, deadline) as real:
                done = _told(follow(real, databases, nothing, lived_in=lived_in))
                over = Transaction((written(server, note.handed_over(), "nobody retires"),))
                real.do(over)
        return Plan(done.access, (*done.steps, Step(Phase.REMOVE, (over,))))

    return _outcome(retried(attempt, deadline))


def _real_run(
    server: Server,
    databases: tuple[Database, ...],
    connect: Connect,
    home: Session,
    deadline: Deadline,
) -> RealRun:
    ours = server.managed_logins.union(*(database.roles for database in databases))
    ours |= server.only_for(ours & server.roles.keys())
    return RealRun(server, connect, home, ours, deadline)


def _told(done: Plan) -> Plan:
    for finding in done.findings:
        log.warning("%s", finding)
    return _whole(done)


def _outcome(done: Plan, handover: str = "none") -> Outcome:
    count = sum(1 for _ in done.statements())
    if not count:
        log.info("nothing to do: every role, database and privilege is as declared")
    return Outcome(count, done.databases, tuple(map(str, done.findings)), handover)


def _whole(plan: Plan) -> Plan:
    """`plan`, if nothing of it failed.

    Raises:
        ServerError: with all that did.
    """
    match [failure.error for failure in plan.failures]:
        case []:
            return plan
        case [error]:
            raise error
        case errors:
            raise UnfinishedError(errors)
