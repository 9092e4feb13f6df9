"""The one order of phases, which a plan, a check and a run follow alike."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import Protocol

from database_users.desired import Database
from database_users.errors import (
    BudgetError,
    ConcurrentChangeError,
    LockoutError,
    LockTimeoutError,
    RefusedStatementError,
    SessionsLeftError,
)
from database_users.parallel import in_parallel
from database_users.plan import (
    Failure,
    Finding,
    Phase,
    Plan,
    Planned,
    Step,
    Subject,
    Transaction,
)
from database_users.postgres.catalog.contents import Contents
from database_users.postgres.catalog.server import Server
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.access import access_changes
from database_users.postgres.planners.database import plan_database
from database_users.postgres.planners.lived_in import taken_from_others
from database_users.postgres.planners.lockout import refuse_lockouts
from database_users.postgres.planners.logins import dropped_logins, staying_logins
from database_users.postgres.planners.ownership import databases_to_hand_over, holders
from database_users.postgres.planners.server import SERVER_PHASES, unprepared
from database_users.postgres.planners.sessions import (
    deserted,
    ended_sessions,
    losing,
    prepared_by_many,
    sessions_of_others,
)
from database_users.postgres.scope import Scope, everything
from database_users.postgres.settling import Do, failed, settled
from database_users.postgres.sql import identifier
from database_users.postgres.suitability import unlogged, unsuitable
from rds_login.causes import ServerError


@dataclass(frozen=True, slots=True)
class Visit:
    """A database that is entered: what is in it, and what does a transaction there.

    `read_again` tells the server and the contents once more, where somebody changed them.
    """

    contents: Contents
    do: Do
    read_again: Callable[[], tuple[Server, Contents]] | None = None


class Run(Protocol):
    """What follows the order: really, or to tell what would be done."""

    @property
    def stops(self) -> bool:
        """Whether a declared database that cannot be entered stops it."""
        ...

    @property
    def server(self) -> Server:
        """The server as it was last read."""
        ...

    def do(self, transaction: Transaction) -> None:
        """Does what is not inside one database."""

    def end_sessions(self, users: Collection[str], /) -> Mapping[str, str]:
        """Ends the sessions of `users`; what is left of each, in words."""
        ...

    def look_again(self) -> None:
        """Reads the server once more, where something was done to it."""

    def visit(self, comparison: Comparison, name: str) -> AbstractContextManager[Visit]:
        """Enters the database `name`."""
        ...


def follow(
    run: Run,
    databases: tuple[Database, ...],
    scope: Scope = everything,
    first: Iterable[Planned] = (),
    *,
    lived_in: bool = False,
) -> Plan:
    """Phase after phase for the server of `run`, entering the databases in `scope`.

    What is planned `first` comes before everything that is planned here. Of a server that is
    `lived_in`, nothing is taken that somebody has who is not declared.

    What fails stops nothing but what comes later for the same user or database.

    Raises:
        ServerError: the connection is lost; what is done stays done.
        LockoutError: the plan would lock somebody out; nothing was done.
    """
    comparison = Comparison(databases, run.server, lived_in)
    refuse_lockouts(comparison)
    before = _in_the_way(run, comparison) if lived_in else ()
    access = tuple(access_changes(comparison))
    users = losing(comparison)
    names = frozenset(scope(comparison))
    steps = [_done(Phase.CLOSE, chain(before, first), run.do)]
    failed: set[Subject] = set()
    unready: frozenset[str] = frozenset()
    with ThreadPoolExecutor(1) as meanwhile:
        # Where nothing is changed, it is looked into the databases while the rest is planned.
        ahead = None
        if not run.stops:
            entered = names | databases_to_hand_over(comparison)
            ahead = meanwhile.submit(_inside, run, comparison, entered)
        for phase in Phase:
            match phase:
                case Phase.INSIDE if ahead:
                    steps += ahead.result()
                case Phase.INSIDE:
                    entered = names | databases_to_hand_over(comparison)
                    entered -= _missing(comparison, failed) | unready
                    steps += _inside(run, comparison, entered)
                case Phase.DISCONNECT:
                    steps.append(_disconnected(run, comparison, users))
                case Phase.REMOVE:
                    dropped = dropped_logins(comparison, _kept(steps))
                    steps.append(_done(phase, dropped, run.do, failed))
                case _:
                    given = failed if phase in _GIVING else ()
                    steps.append(_done(phase, SERVER_PHASES[phase](comparison), run.do, given))
            failed |= {about for step in steps for failure in step.failures for about in failure.of}
            if phase is Phase.READMIT and users:
                # What the users whose sessions ended have made until then is known only now.
                run.look_again()
                comparison = Comparison(databases, run.server, lived_in)
            if phase is Phase.PREPARE and any(step.failures for step in steps):
                # Which roles there are by now tells what failed of them, and what before.
                run.look_again()
                unready = unprepared(Comparison(databases, run.server, lived_in))
                failed |= {("database", name) for name in unready}
    return Plan(access, tuple(steps))


def _in_the_way(run: Run, comparison: Comparison) -> Iterator[Finding]:
    """What keeps a server that is lived in from being taken over; it stops a real run."""
    server = comparison.server
    findings = [
        *(Finding(sentence) for sentence in unsuitable(server, comparison.databases)),
        *taken_from_others(comparison),
    ]
    # Whatever is in the way, users go who are declared no more.
    if run.stops and comparison.databases and findings:
        first = "; ".join(map(str, findings))
        raise LockoutError(f"nothing was changed, as this comes first: {first}")
    return iter([*findings, *unlogged(server)])


# Nobody gets what depends on something that failed, and no user with sessions is dropped.
_GIVING = (Phase.READMIT, Phase.CREATE, Phase.OPEN)


def _kept(steps: Iterable[Step]) -> frozenset[str]:
    return frozenset(login for step in steps for one in step.findings for login in one.keeps)


def _missing(comparison: Comparison, failed: Collection[Subject]) -> frozenset[str]:
    names = {name for kind, name in failed if kind == "database"}
    return frozenset(names - comparison.server.databases.keys())


def _disconnected(run: Run, comparison: Comparison, users: Collection[str]) -> Step:
    acted_as = deserted(comparison)  # nobody has a session of these, but what they prepared
    left: Mapping[str, str] = run.end_sessions({*users, *acted_as}) if users else {}
    failures = [Failure(SessionsLeftError(what), (("user", user),)) for user, what in left.items()]
    failed = {subject for failure in failures for subject in failure.of}
    ended = (one for one in ended_sessions(comparison, users) if failed.isdisjoint(one.of))
    others = chain(sessions_of_others(comparison, users), prepared_by_many(comparison))
    stays = (_stays(run, user, why) for user, why in staying_logins(comparison))
    return Step.of(Phase.DISCONNECT, chain(ended, others, failures, stays))


def _stays(run: Run, user: str, why: str) -> Finding | Failure:
    return Failure(RefusedStatementError(why), (("user", user),)) if run.stops else Finding(why)


def _inside(run: Run, comparison: Comparison, names: frozenset[str]) -> list[Step]:
    return in_parallel(lambda name: _visited(run, comparison, name), sorted(names))


def _visited(run: Run, comparison: Comparison, name: str) -> Step:
    existing = comparison.server.databases.get(name)
    declared = name in comparison.declared
    if existing and not existing.allows_connections and not (run.stops and declared):
        remedy = (
            "a run opens it, and what is in it is not known before"
            if declared
            else f"its owner can ALTER DATABASE {identifier(name)} ALLOW_CONNECTIONS true"
        )
        why = f"it is not currently accepting connections: {remedy}"
        return _unvisited(comparison, name, why)
    if existing and not comparison.may_enter(name):
        why = (
            f"{comparison.server.master} may not connect, and only {existing.owner} can grant that"
        )
        return _unvisited(comparison, name, why)
    try:
        with run.visit(comparison, name) as visit:
            return Step.of(Phase.INSIDE, _settled(comparison, name, visit))
    except ServerError as error:
        if run.stops and isinstance(error, BudgetError):
            raise
        if run.stops and (declared or error.transient):
            return Step(Phase.INSIDE, failures=(Failure(error, (("database", name),)),))
        return _unvisited(comparison, name, str(error))


def _settled(comparison: Comparison, name: str, visit: Visit) -> Iterator[Planned | Failure]:
    contents = visit.contents

    def plan(objects: int) -> Iterator[Planned]:
        return plan_database(comparison, name, contents, objects)

    def look_again() -> None:
        nonlocal comparison, contents
        if visit.read_again:
            server, contents = visit.read_again()
            comparison = replace(comparison, server=server)

    return settled(plan, visit.do, look_again)


def _unvisited(comparison: Comparison, name: str, why: str) -> Step:
    finding = Finding(f"{name}: {why}", holders(comparison, name))
    return Step(Phase.INSIDE, findings=(finding,), unread=name)


def _done(
    phase: Phase, planned: Iterable[Planned], do: Do, failed: Collection[Subject] = ()
) -> Step:
    done: list[Planned | Failure] = []
    for beside, some in groupby(tuple(planned), _is_beside):
        if beside:
            done += chain.from_iterable(
                in_parallel(lambda one: tuple(_attempted(one, do, failed)), tuple(some))
            )
        else:
            done += chain.from_iterable(_attempted(one, do, failed) for one in some)
    return Step.of(phase, done)


def _is_beside(one: Planned) -> bool:
    return isinstance(one, Transaction) and one.beside


def _attempted(one: Planned, do: Do, failed: Collection[Subject]) -> Iterator[Planned | Failure]:
    if isinstance(one, Finding):
        yield one
        return
    if not any(subject in failed for subject in one.of):
        outcome = _tried(one, do)
        if outcome is one or not one.instead:
            yield outcome
            return
    for part in one.instead:
        yield from _attempted(part, do, failed)


def _tried(transaction: Transaction, do: Do) -> Planned | Failure:
    try:
        do(transaction)
    except (RefusedStatementError, LockTimeoutError, ConcurrentChangeError) as error:
        return failed(transaction, error)
    return transaction
