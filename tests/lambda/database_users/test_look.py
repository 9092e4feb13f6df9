"""What the doctor's function tells of a login, of a real server through TLS."""

import json
import socket as sockets
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from database_users.handler import FailedError
from database_users.look import handle
from doctor.inside import parse
from rds_login.token import signed_token
from tests.database_server import PORT, SUPERUSER, Postgres
from tests.tls_front import function_environment, listening, write_certificate


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 40_000


@pytest.fixture
def server(
    newest: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Generator[Postgres]:
    authorities = tmp_path / "global-bundle.pem"
    write_certificate(authorities, "localhost")
    signed_token.cache_clear()
    newest.execute("CREATE ROLE orders_reader", "CREATE DATABASE orders")
    newest.execute("CREATE ROLE analyst LOGIN CONNECTION LIMIT 3 IN ROLE rds_iam, orders_reader")
    newest.execute("ALTER DATABASE orders CONNECTION LIMIT 7")
    socket = newest.directory / f".s.PGSQL.{PORT}"
    with listening(socket, authorities, lambda _, token: "X-Amz-Signature" in token) as port:
        for name, value in function_environment("localhost", port, tmp_path).items():
            monkeypatch.setenv(name, value)
        yield newest


def look(user: str = "analyst", database: str = "orders") -> dict[str, Any]:
    return handle({"User": user, "Database": database}, Context())


def test_a_user_is_told_with_its_groups_limits_and_sessions(server: Postgres) -> None:
    with server.login("analyst", "orders"):
        found = look()
    assert found["User"] == {
        "Login": True,
        "Limit": 3,
        "Sessions": 1,
        "Groups": ["orders_reader", "rds_iam"],
    }
    assert found["Database"] == {"Open": True, "Limit": 7, "Sessions": 1}
    assert found["Left"] > 3
    assert found["Waiting"] == []


def test_what_is_reserved_is_not_left_to_a_user(server: Postgres) -> None:
    before = look()["Left"]
    server.execute("ALTER DATABASE postgres SET rds.rds_superuser_reserved_connections = 2")
    assert look()["Left"] == before - 2
    server.execute("ALTER DATABASE postgres RESET rds.rds_superuser_reserved_connections")


def test_who_and_what_is_not_there_is_told_as_nothing(server: Postgres) -> None:
    found = look("nobody' OR true --", "absent")
    assert (found["User"], found["Database"]) == (None, None)


def test_who_keeps_a_session_waiting_is_told_and_not_what_it_asks(server: Postgres) -> None:
    server.execute("CREATE TABLE held ()", "GRANT ALL ON held TO analyst", database="orders")
    with server.login(SUPERUSER, "orders") as holder, server.login("analyst", "orders") as waiter:
        holder.execute("BEGIN; LOCK TABLE held")
        waiter.execute("SET lock_timeout = '30s'")
        waiter.pgconn.send_query(b"SELECT 'a secret' FROM held")
        found: dict[str, Any] = {}
        while not found.get("Waiting"):
            found = look()
        holder.execute("ROLLBACK")
        while waiter.pgconn.get_result():
            pass
    [waiting] = found["Waiting"]
    assert waiting["For"] == [SUPERUSER]
    assert "secret" not in json.dumps(found)


def test_its_answer_is_what_the_doctor_reads(server: Postgres) -> None:
    inside = parse(look())
    assert inside.groups == ("orders_reader", "rds_iam")
    assert "the user 0 of 3 sessions and the database 0 of 7" in inside.capacity
    assert parse(look("nobody")).groups is None


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        {"User": "analyst"},
        {"User": "analyst", "Database": ""},
        {"User": "analyst", "Database": 64 * "x"},
        {"User": "analyst", "Database": "a\0b"},
        {"User": "analyst", "Database": "orders", "Databases": []},
        {"Mode": "plan", "Databases": []},
        {"RequestType": "Delete", "ResourceProperties": {}},
    ],
)
def test_it_takes_nothing_but_a_user_and_a_database(server: Postgres, event: object) -> None:
    with pytest.raises(FailedError, match=r"allowed are User and Database|is no object"):
        handle(event, Context())


def test_it_says_why_it_cannot_ask(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    with sockets.create_server(("127.0.0.1", 0)) as free:
        monkeypatch.setenv("DATABASE_PORT", str(free.getsockname()[1]))
    with pytest.raises(FailedError, match="refuses connections: the address answers"):
        look()
