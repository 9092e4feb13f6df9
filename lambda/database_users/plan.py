"""A plan as values: what a run does, a plan shows and a check counts, in one order of phases."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import chain
from typing import Literal, Self

from database_users.desired import Database, Level
from rds_login.causes import ServerError
from rds_login.printable import printable


@dataclass(frozen=True, slots=True)
class Statement:
    """`sql`, to run in `database` as `role`, and the sentence that is logged with it.

    A sentence is one printable line, whatever the names in it.

    Without a `role` the master runs it. `acts_for` are roles whose privileges it needs for it.
    `objects` is how many it is about that the one before is not: each may be locked while its
    transaction lasts.
    """

    database: str
    sql: str
    sentence: str
    role: str = ""
    acts_for: tuple[str, ...] = ()
    objects: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", printable(self.sentence))


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not as declared and stays so, or what somebody has to know, in a sentence.

    `keeps` are users that cannot be dropped for it.
    """

    sentence: str
    keeps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "sentence", printable(self.sentence))

    def __str__(self) -> str:
        return self.sentence


Change = Statement | Finding
Subject = tuple[Literal["database", "user"], str]
Subjects = tuple[Subject, ...]
Statements = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Transaction:
    """Statements that happen together or not at all.

    What the server refuses of one that `may_fail` becomes a finding, of any other a failure; it
    stops nothing but what comes later for the same users and databases, which it is `of`. `rivals`
    are users who could keep it from being done by changing the same again and again. What is done
    for many at once is also there in the transactions to do `instead`, where it fails, or something
    failed for one of them before. Those that stand `beside` each other touch nothing of one
    another, and are done at the same time.
    """

    statements: Statements
    may_fail: bool = False
    of: Subjects = ()
    rivals: tuple[str, ...] = ()
    instead: tuple["Transaction", ...] = ()
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """What a run could not do, and the users and databases that it is of, if not of all."""

    error: ServerError
    of: Subjects = ()


Planned = Transaction | Finding


def together(
    changes: Iterable[Change],
    *,
    may_fail: bool = False,
    of: Subjects = (),
    rivals: Iterable[str] = (),
) -> Iterator[Planned]:
    """The statements of `changes` as one transaction, if there are any, and the findings."""
    statements: list[Statement] = []
    for change in changes:
        match change:
            case Statement():
                statements.append(change)
            case Finding():
                yield change
    if statements:
        yield Transaction(tuple(statements), may_fail, of, tuple(rivals))


def as_one(planned: Iterable[Planned]) -> Iterator[Planned]:
    """The findings, and the transactions as one, or else as they are."""
    transactions: list[Transaction] = []
    for one in planned:
        match one:
            case Transaction():
                transactions.append(one)
            case Finding():
                yield one
    if len(transactions) > 1:
        statements = tuple(chain.from_iterable(one.statements for one in transactions))
        of = tuple(chain.from_iterable(one.of for one in transactions))
        yield Transaction(statements, of=of, instead=tuple(transactions))
    else:
        yield from transactions


def jointly(
    changes: Callable[[Sequence[Database]], Iterable[Change]],
    databases: Sequence[Database],
    *,
    beside: bool = False,
) -> Iterator[Planned]:
    """The `changes` for all `databases` as one transaction, or else as one for each of them."""
    each = tuple(
        one
        for database in databases
        for one in together(changes((database,)), of=(("database", database.name),))
    )
    instead = tuple(replace(one, beside=beside) for one in each if isinstance(one, Transaction))
    if len(instead) < 2:
        yield from (one for one in each if isinstance(one, Finding))
        yield from instead
        return
    of = tuple(subject for one in instead for subject in one.of)
    for one in together(changes(databases), of=of):
        joint = isinstance(one, Transaction)
        yield replace(one, instead=instead, beside=beside) if joint else one


def parted(changes: Iterable[Change], objects: int) -> Iterator[list[Change]]:
    """`changes` in their order, in parts of statements about that many `objects` at the most.

    Statements about the same stay together.
    """
    part: list[Change] = []
    count = 0
    for change in changes:
        more = change.objects if isinstance(change, Statement) else 0
        if more and part and count + more > objects:
            yield part
            part, count = [], 0
        part.append(change)
        count += more
    if part:
        yield part


class Phase(Enum):
    """What a run does one after the other.

    Access is closed first and opened last, so that a run that is cut off leaves nobody with more
    than before or after, and the next one can finish it.
    """

    CLOSE = "take away"
    DISCONNECT = "end sessions"
    READMIT = "let in again whoever merely lost something"
    PREPARE = "make roles"
    CREATE = "make databases"
    INSIDE = "enter databases"
    OPEN = "let in"
    REMOVE = "drop users"


@dataclass(frozen=True, slots=True)
class Step:
    """A phase, in the whole server or in one database.

    Its transactions, what is found, and what failed. `unread` is the database if nobody could look
    into it: what is in it is not known.
    """

    phase: Phase
    transactions: tuple[Transaction, ...] = ()
    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    unread: str = ""

    @classmethod
    def of(cls, phase: Phase, planned: Iterable[Planned | Failure]) -> Self:
        """What was planned, parted once."""
        transactions: list[Transaction] = []
        findings: list[Finding] = []
        failures: list[Failure] = []
        for one in planned:
            match one:
                case Transaction():
                    transactions.append(one)
                case Finding():
                    findings.append(one)
                case Failure():
                    failures.append(one)
        return cls(phase, tuple(transactions), tuple(findings), tuple(failures))

    @property
    def statements(self) -> Iterator[Statement]:
        """The statements in their order."""
        for transaction in self.transactions:
            yield from transaction.statements


@dataclass(frozen=True, slots=True)
class AccessChange:
    """A login user that gains or loses its level in a database, or merely its login."""

    gained: bool
    login: str
    level: Level | None = None
    database: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a run would do, or did."""

    access: tuple[AccessChange, ...]
    steps: tuple[Step, ...]

    def statements(self) -> Iterator[Statement]:
        """The statements in the order in which they run."""
        for step in self.steps:
            yield from step.statements

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is found, in the same order."""
        return tuple(finding for step in self.steps for finding in step.findings)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What could not be done, in the same order."""
        return tuple(failure for step in self.steps for failure in step.failures)

    @property
    def databases(self) -> int:
        """How many databases are entered."""
        return sum(step.phase is Phase.INSIDE for step in self.steps)

    @property
    def unread(self) -> tuple[str, ...]:
        """The databases that should have been entered and could not be."""
        return tuple(step.unread for step in self.steps if step.unread)
