"""The access matrix: what each identity can do in each database, tried by real logins."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import product

import psycopg
from psycopg import sql
from rich import box
from rich.table import Table

from proof.declared import ALLOWED, OPERATIONS, Declared
from proof.deployment import Deployment
from proof.environment import MASTER, STRANGER, Environment
from proof.logins import Identity, connect
from proof.progress import UnprovenError

TABLES = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'
"""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A question: may the identity do this in the database."""

    identity: str
    database: str
    operation: str


@dataclass(frozen=True, kw_only=True)
class AccessMatrix:
    """What was declared and what was found, for the same cells."""

    declared: Mapping[Cell, bool]
    found: Mapping[Cell, bool]
    attempts: int
    """How many logins were tried."""
    users: frozenset[tuple[str, str, str]]
    """(identity, database, user) of each login that succeeded."""

    @property
    def wrong(self) -> list[str]:
        """Each cell that is not as declared, in words."""
        return [
            f"{cell.identity} {'may not' if allowed else 'can'} {cell.operation} in "
            f"{cell.database}, and is declared to be {'able' if allowed else 'unable'} to"
            for cell, allowed in self.declared.items()
            if self.found[cell] != allowed
        ]


def tried(deployment: Environment) -> AccessMatrix:
    """Try every login of every identity and, where one succeeds, every operation.

    The identities are those that are declared and a stranger; the databases are those that the
    server has, and so are the users.
    """
    declared = deployment.declared
    names = (*declared.airflows, *declared.role_arns, *declared.others, STRANGER)
    identities = [deployment.identity(name) for name in names]
    with deployment.identity(MASTER).log_in(declared.administrator, "postgres") as connection:
        databases = _column(connection, "SELECT datname FROM pg_database WHERE datallowconn")
        users = _column(connection, "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'")
        databases.sort(key=lambda name: (name not in declared.databases, name))
    attempts = list(product(identities, databases, sorted(users)))
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(_attempt, *zip(*attempts, strict=True)))
    found = {
        (identity.name, database, user): operations
        for (identity, database, user), operations in zip(attempts, outcomes, strict=True)
        if operations
    }
    cells = [
        Cell(identity=identity, database=database, operation=operation)
        for identity, database, operation in product(_names(identities), databases, OPERATIONS)
    ]
    return AccessMatrix(
        declared={cell: cell.operation in _declared(declared, cell) for cell in cells},
        found={
            cell: any(
                cell.operation in operations
                for (identity, database, _), operations in found.items()
                if (identity, database) == (cell.identity, cell.database)
            )
            for cell in cells
        },
        attempts=len(attempts),
        users=frozenset(found),
    )


def is_as_declared(deployment: Deployment, matrix: AccessMatrix) -> str:
    """Every cell is as declared, and each grant is one login user's."""
    if matrix.wrong:
        raise UnprovenError("; ".join(matrix.wrong))
    granted = {(grant.identity, grant.database, grant.user) for grant in deployment.declared.grants}
    if different := sorted(matrix.users ^ granted):
        raise UnprovenError(f"logins other than those granted, or missing: {different}")
    return f"{len(matrix.found)} cells, {matrix.attempts} logins tried"


def table(matrix: AccessMatrix) -> Table:
    """The matrix for people: an identity a row, a database a column."""
    databases = list(dict.fromkeys(cell.database for cell in matrix.found))
    grid = Table("identity", *databases, box=box.SIMPLE_HEAD, padding=0)
    for identity in dict.fromkeys(cell.identity for cell in matrix.found):
        columns = [
            [Cell(identity=identity, database=database, operation=name) for name in OPERATIONS]
            for database in databases
        ]
        grid.add_row(identity, *("\n".join(_marks(matrix, column)) or "·" for column in columns))
    return grid


def _marks(matrix: AccessMatrix, cells: Iterable[Cell]) -> Iterator[str]:
    for cell in cells:
        found, declared = matrix.found[cell], matrix.declared[cell]
        if found != declared:
            yield f"[bold red]{'' if found else 'not '}{cell.operation} ✗[/]"
        elif found:
            yield f"[green]{cell.operation}[/]"


def _declared(declared: Declared, cell: Cell) -> frozenset[str]:
    for grant in declared.grants:
        if (grant.identity, grant.database) == (cell.identity, cell.database):
            return ALLOWED[grant.level]
    return frozenset()


def _attempt(identity: Identity, database: str, user: str) -> frozenset[str]:
    """The operations that the identity can do in the database as the user."""
    try:
        connection = connect(
            identity.endpoint, database=database, user=user, password=identity.token(user)
        )
    except psycopg.OperationalError as error:
        if "FATAL:" not in str(error):  # no answer is not the answer no
            raise
        return frozenset()
    with closing(connection):
        return frozenset({"connect", *_operations(connection)})


def _operations(connection: psycopg.Connection) -> Iterator[str]:
    tables = [sql.Identifier(*name) for name in connection.execute(TABLES)]
    statements = {
        "select": [sql.SQL("SELECT FROM {} LIMIT 1").format(table) for table in tables],
        # A row of defaults alone: what a table's constraints say comes after the privilege.
        "insert": [sql.SQL("INSERT INTO {} DEFAULT VALUES").format(table) for table in tables],
        "create": [
            sql.SQL("CREATE TABLE public.access_matrix ()"),
            sql.SQL("CREATE SCHEMA access_matrix"),
        ],
    }
    for operation, ways in statements.items():
        if any(_permitted(connection, way) for way in ways):
            yield operation


def _permitted(connection: psycopg.Connection, statement: sql.Composed | sql.SQL) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.IntegrityError:
        return True
    return True


def _column(connection: psycopg.Connection, query: str) -> list[str]:
    return [value for (value,) in connection.execute(query.encode())]


def _names(identities: Iterable[Identity]) -> list[str]:
    return [identity.name for identity in identities]
