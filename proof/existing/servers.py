"""A team's server as its owner knows it: the master user's password, its data, what it sees."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property

import psycopg

from proof.account import Account
from proof.existing.catalogs import Catalogs, catalog_rows
from proof.existing.way_back import WayBack
from proof.logins import Endpoint, connect

MASTER, ADMINISTRATOR = "postgres", "platform"
UNTOLD = "untold"
"""A database that the declaration does not know."""
_SERVER = (
    "CREATE ROLE legacy LOGIN PASSWORD 'a-password'",
    "CREATE ROLE reporting LOGIN PASSWORD 'a-password'",
    "CREATE DATABASE {database}",
    "CREATE DATABASE untold",
    "GRANT legacy TO postgres WITH INHERIT TRUE, SET TRUE",
    "ALTER DATABASE {database} OWNER TO legacy",
    # It is the owner's no more once it is taken over, and who looks on must see it then, too.
    "GRANT CONNECT ON DATABASE {database} TO postgres",
    "ALTER ROLE legacy SET statement_timeout = '5min'",
)
_ITEMS = (
    "SET ROLE legacy",
    "CREATE TABLE item (id int PRIMARY KEY, name text)",
    "INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 100) n",
    "GRANT USAGE ON SCHEMA public TO postgres",
    "GRANT SELECT ON item TO postgres",
)
_UNTOLD = (
    "CREATE TABLE secret (id int)",
    "INSERT INTO secret VALUES (42)",
    "GRANT SELECT ON secret TO reporting",
    "CREATE FUNCTION answer() RETURNS int LANGUAGE sql AS 'SELECT 42'",
)
_FOR_TAKING_OVER = (
    "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO reporting",
)


@dataclass(frozen=True, kw_only=True)
class TeamServer:
    """A server, and the database of it that is declared.

    Args:
        readers: the endpoint of those of a cluster that only read; empty where there are none.
        secret: the ARN of the secret with the master user's password.
    """

    account: Account
    name: str
    database: str
    host: str
    port: int
    resource_id: str
    group: str
    secret: str
    readers: str = ""

    @cached_property
    def _password(self) -> str:
        secrets = self.account.client("secretsmanager")
        found = secrets.get_secret_value(SecretId=self.secret)
        return json.loads(found["SecretString"])["password"]

    def as_dba(self, database: str) -> closing[psycopg.Connection]:
        """A session of the master user, which logs in by its password all the time."""
        endpoint = Endpoint(host=self.host, port=self.port, authorities=self.account.authorities)
        return closing(connect(endpoint, database=database, user=MASTER, password=self._password))

    def execute(self, database: str, statements: Sequence[str]) -> None:
        """Run statements as the master user."""
        with self.as_dba(database) as session:
            for statement in statements:
                session.execute(statement.format(database=self.database).encode())

    def live_in(self) -> None:
        """Have the roles and the data that a server has which was there before."""
        self.execute("postgres", _SERVER)
        self.execute(self.database, _ITEMS)
        self.execute(UNTOLD, _UNTOLD)

    def make_ready(self) -> None:
        """What its owner does before it is taken over."""
        self.execute("postgres", _FOR_TAKING_OVER)

    def rows(self) -> Catalogs:
        """Each row of each catalog, by database."""
        found: dict[str, dict[str, frozenset[str]]] = {}
        for database in ("postgres", self.database, UNTOLD):
            with self.as_dba(database) as session:
                found[database] = catalog_rows(session)
        return found

    def data(self) -> list[tuple[object, ...]]:
        """The team's data, declared and not."""
        with self.as_dba(self.database) as session:
            items = session.execute("TABLE item ORDER BY id").fetchall()
        with self.as_dba(UNTOLD) as session:
            return [*items, *session.execute("TABLE secret").fetchall()]

    def give_up(self, way: WayBack) -> None:
        """The master user is rid of the administrator, by the printed SQL, as psql runs it."""
        with self.as_dba("postgres") as session:
            entering = session.execute(way.begun.encode())
            while entering.nextset():
                pass
            for (grant,) in entering.fetchall():
                session.execute(grant.encode())
            session.execute(way.ended.encode())
        for database in ("postgres", "template1", self.database, UNTOLD):
            with self.as_dba(database) as session:
                session.execute(way.inside.encode())
        with self.as_dba("postgres") as session:
            session.execute(way.last.encode())
