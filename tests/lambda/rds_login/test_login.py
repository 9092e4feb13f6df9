"""A login and the server's refusals, through a real server behind TLS."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rds_login.login import Driver, LoginError, log_in
from rds_login.tls import encrypted
from tests.database_server import PORT, Postgres
from tests.tls_front import listening, write_certificate

LogIn = Callable[..., Driver]


@pytest.fixture
def login(newest: Postgres, tmp_path: Path) -> Iterator[LogIn]:
    certificate = tmp_path / "certificate.pem"
    write_certificate(certificate, "db.example")
    context = ssl.create_default_context(cafile=certificate)
    socket = newest.directory / f".s.PGSQL.{PORT}"
    with listening(socket, certificate, lambda _, token: token == "good") as port:

        def login(user: str = "reader", database: str = "postgres", given: str = "good") -> Driver:
            secure = encrypted("db.example", port, context, 10, address="127.0.0.1")
            return log_in(secure, user=user, database=database, token=given)

        newest.execute(
            "CREATE ROLE reader LOGIN IN ROLE rds_iam",
            "CREATE ROLE outsider LOGIN",
            "CREATE ROLE retired NOLOGIN IN ROLE rds_iam",
            "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 IN ROLE rds_iam",
            "REVOKE CONNECT ON DATABASE template1 FROM PUBLIC",
        )
        yield login


def test_a_good_token_opens_a_session_of_the_user(login: LogIn) -> None:
    session = login()
    assert session.run("SELECT session_user::text, current_database()::text") == [
        ["reader", "postgres"]
    ]
    session.close()


@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        ({"given": "bad"}, "28P01", "PAM authentication failed"),
        ({"user": "outsider"}, "28P01", "password authentication failed"),
        ({"user": "nobody"}, "28P01", "password authentication failed"),
        ({"user": "retired"}, "28000", "is not permitted to log in"),
        ({"user": "crowded"}, "53300", "too many connections for role"),
        ({"database": "absent"}, "3D000", "does not exist"),
        ({"database": "template1"}, "42501", "permission denied for database"),
    ],
)
def test_a_refusal_has_the_servers_code_and_message(
    login: LogIn, wrong: dict[str, str], code: str, message: str
) -> None:
    with pytest.raises(LoginError) as refused:
        login(**wrong)
    assert refused.value.code == code
    assert message in refused.value.message
