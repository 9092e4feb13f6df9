"""The one order of phases, which a plan, a check and a run follow alike."""

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from database_users.desired import Database
from database_users.errors import LockTimeoutError, RefusedStatementError
from database_users.parallel import in_parallel
from database_users.plan import Finding, Phase, Plan, Planned, Step, Transaction
from database_users.postgres.catalog.contents import Contents
from database_users.postgres.catalog.server import Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.access import access_changes
from database_users.postgres.planners.database import plan_database
from database_users.postgres.planners.handover import leaving
from database_users.postgres.planners.lockout import refuse_lockouts
from database_users.postgres.planners.logins import dropped_logins
from database_users.postgres.planners.ownership import databases_to_hand_over, holders
from database_users.postgres.planners.server import SERVER_PHASES
from database_users.postgres.scope import Scope, everything
from database_users.postgres.sql import identifier
from rds_login.causes import ServerError

Do = Callable[[Transaction], None]


@dataclass(frozen=True, slots=True)
class Visit:
    """A database that is entered: what is in it, and what does a transaction there."""

    contents: Contents
    do: Do


class Run(Protocol):
    """What follows the order: really, or to tell what would be done."""

    @property
    def server(self) -> Server:
        """The server as it was last read."""
        ...

    def do(self, transaction: Transaction) -> None:
        """Does what is not inside one database."""

    def look_again(self) -> None:
        """Reads the server once more, where something was done to it."""

    def visit(self, name: str, leaving: Collection[str]) -> AbstractContextManager[Visit]:
        """Enters the database `name`, where the roles `leaving` are to own nothing."""
        ...


def follow(run: Run, databases: tuple[Database, ...], scope: Scope = everything) -> Plan:
    """Phase after phase for the server of `run`, entering the databases in `scope`.

    Raises:
        ServerError: something is in the way; what is done stays done.
        LockoutError: the plan would lock somebody out; nothing was done.
    """
    comparison = Comparison(databases, run.server)
    refuse_lockouts(comparison)
    access = tuple(access_changes(comparison))
    names = frozenset(scope(comparison))
    steps: list[Step] = []
    for phase in Phase:
        if phase is Phase.INSIDE:
            steps += _inside(run, comparison, names | databases_to_hand_over(comparison))
            continue
        if phase is Phase.REMOVE:
            kept = frozenset(
                login for step in steps for one in step.findings for login in one.keeps
            )
            planned = dropped_logins(comparison, kept)
        else:
            planned = SERVER_PHASES[phase](comparison)
        step = _done(phase, planned, run.do)
        steps.append(step)
        if phase is Phase.DISCONNECT and step.transactions:
            # What the users whose sessions ended have made until then is known only now.
            run.look_again()
            comparison = Comparison(databases, run.server)
    return Plan(access, tuple(steps))


def _inside(run: Run, comparison: Comparison, names: frozenset[str]) -> list[Step]:
    return in_parallel(lambda name: _visited(run, comparison, name), sorted(names))


def _visited(run: Run, comparison: Comparison, name: str) -> Step:
    existing = comparison.server.databases.get(name)
    if name not in comparison.declared and existing and not existing.allows_connections:
        why = (
            "it is not currently accepting connections: its owner can ALTER DATABASE"
            f" {identifier(name)} ALLOW_CONNECTIONS true"
        )
        return _unvisited(comparison, name, why)
    if existing and not comparison.may_enter(name):
        why = (
            f"{comparison.server.master} may not connect, and only {existing.owner} can grant that"
        )
        return _unvisited(comparison, name, why)
    try:
        with run.visit(name, leaving(comparison, name)) as visit:
            planned = plan_database(comparison, name, visit.contents)
            return _done(Phase.INSIDE, planned, visit.do)
    except ServerError as error:
        if name in comparison.declared or error.transient:
            raise
        return _unvisited(comparison, name, str(error))


def _unvisited(comparison: Comparison, name: str, why: str) -> Step:
    return Step(Phase.INSIDE, (), (Finding(f"{name}: {why}", holders(comparison, name)),))


def _done(phase: Phase, planned: Iterable[Planned], do: Do) -> Step:
    done: list[Planned] = []
    for one in tuple(planned):
        match one:
            case Transaction(may_fail=True):
                done.append(_tried(one, do))
            case Transaction():
                do(one)
                done.append(one)
            case Finding():
                done.append(one)
    return Step.of(phase, done)


def _tried(transaction: Transaction, do: Do) -> Planned:
    try:
        do(transaction)
    except (RefusedStatementError, LockTimeoutError) as error:
        return Finding(str(error))
    return transaction
