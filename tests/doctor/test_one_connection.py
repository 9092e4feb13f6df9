"""What the doctor opens for a diagnosis, on a real server behind TLS."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from doctor import evidence
from doctor.diagnosis import Diagnosis, diagnose
from doctor.evidence import Caller, Evidence
from doctor.subject import Subject
from rds_login import tls
from rds_login.login import Driver, log_in
from tests.database_server import PORT, Postgres, running
from tests.tls_front import listening, write_certificate

HOST = "dev-warehouse.abcdefghijkl.eu-central-1.rds.amazonaws.com"
USER, GROUP, DATABASE = "airflow_orders_read", "orders_reader", "orders"
WRITER = "airflow_orders_write"


class Signing:
    """A session that signs, and may ask nothing of AWS."""

    def get_credentials(self) -> Credentials:
        return Credentials("AKIDEXAMPLE", "example")

    def client(self, *_: object, **__: object) -> None:
        raise NoCredentialsError


@dataclass
class Opened:
    """How often a connection was opened."""

    times: int = 0


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running(18) as server:
        server.execute(
            f"CREATE DATABASE {DATABASE}",
            f"CREATE ROLE {GROUP}",
            f"CREATE ROLE {USER} LOGIN IN ROLE rds_iam, {GROUP}",
            "CREATE ROLE orders_writer",
            f"CREATE ROLE {WRITER} LOGIN IN ROLE rds_iam, orders_writer",
        )
        yield server


@pytest.fixture
def subject(server: Postgres, tmp_path: Path) -> Iterator[Subject]:
    certificate = tmp_path / "certificate.pem"
    write_certificate(certificate, HOST)
    behind = server.directory / f".s.PGSQL.{PORT}"
    with listening(behind, certificate, lambda _, token: "X-Amz-Signature" in token) as port:
        yield Subject(
            title="it",
            host=HOST,
            port=port,
            database=DATABASE,
            user=USER,
            region="eu-central-1",
            authorities=str(certificate),
        )


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Opened:
    found, create = Opened(), socket.create_connection

    def counting(*arguments: Any, **options: Any) -> socket.socket:
        found.times += 1
        return create(*arguments, **options)

    monkeypatch.setattr(socket, "create_connection", counting)
    monkeypatch.setattr(tls, "create_connection", counting)
    return found


def _diagnosis(subject: Subject, *addresses: IPv4Address | IPv6Address) -> Diagnosis:
    seen = Evidence(subject, session=Signing())
    seen.__dict__["caller"] = Caller(arn="arn:aws:sts::111122223333:assumed-role/a-role/it")
    seen.__dict__["addresses"] = list(addresses) or [IPv4Address("127.0.0.1")]
    return diagnose(seen)


def test_a_login_that_works_is_seen_on_one_connection(subject: Subject, opened: Opened) -> None:
    assert _diagnosis(subject).culprit is None
    assert opened.times == 1


def test_a_server_that_would_not_wait_for_aws_is_asked_again(
    subject: Subject, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(secure: ssl.SSLSocket, **options: Any) -> Driver:
        if opened.times == 1:
            secure.close()
            raise ConnectionResetError
        return log_in(secure, **options)

    monkeypatch.setattr(evidence, "log_in", impatient)
    assert _diagnosis(subject).culprit is None
    assert opened.times == 2


@pytest.mark.parametrize("dead", [IPv4Address("127.0.0.9"), IPv6Address("::1")])
def test_of_several_addresses_one_that_answers_is_enough(
    subject: Subject, dead: IPv4Address | IPv6Address
) -> None:
    assert _diagnosis(subject, dead, IPv4Address("127.0.0.1")).culprit is None


def test_of_several_addresses_that_do_not_answer_the_first_tells_why(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(address: tuple[str, int], _: float) -> socket.socket:
        raise TimeoutError if address[0] == "10.0.0.1" else OSError(101, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", create)
    found = _diagnosis(subject, IPv4Address("10.0.0.1"), IPv6Address("fd00::1"))
    assert found.culprit
    assert found.culprit[1].key == "silent-port"


def test_what_the_server_keeps_for_others_is_not_left(server: Postgres, subject: Subject) -> None:
    [[most]] = server.query("SHOW max_connections")
    setting = "rds.rds_superuser_reserved_connections"  # one of RDS's own
    server.execute(f"ALTER ROLE {USER} SET {setting} = {most}")
    try:
        found = _diagnosis(subject)
    finally:
        server.execute(f"ALTER ROLE {USER} RESET {setting}")
    assert found.culprit
    assert found.culprit[1].key == "few-connections"


@pytest.mark.parametrize(
    ("wrong", "right", "key"),
    [
        (
            "ALTER ROLE {user} SET local_preload_libraries = 'absent'",
            "ALTER ROLE {user} RESET local_preload_libraries",
            "refused",
        ),
        (
            "ALTER DATABASE {database} RENAME TO other",
            "ALTER DATABASE other RENAME TO {database}",
            "no-database",
        ),
        (
            "ALTER ROLE {user} SET default_transaction_read_only = on",
            "ALTER ROLE {user} RESET default_transaction_read_only",
            "read-only",
        ),
        (
            "ALTER DATABASE {database} SET default_transaction_read_only = on",
            "ALTER DATABASE {database} RESET default_transaction_read_only",
            "read-only",
        ),
        (
            "ALTER ROLE {user} SET search_path = ''",
            "ALTER ROLE {user} RESET search_path",
            "no-schema",
        ),
        (
            "ALTER ROLE {user} SET statement_timeout = 1",
            "ALTER ROLE {user} RESET statement_timeout",
            "broken-session",
        ),
        (
            "ALTER ROLE {user} VALID UNTIL '2020-01-01'",
            "ALTER ROLE {user} VALID UNTIL 'infinity'",
            None,
        ),
        (
            "ALTER ROLE {user} SET search_path = nowhere",
            "ALTER ROLE {user} RESET search_path",
            "no-schema",
        ),
    ],
)
def test_what_somebody_set_by_hand_is_called_by_its_name(
    server: Postgres, subject: Subject, wrong: str, right: str, key: str | None
) -> None:
    names = {"user": WRITER, "database": DATABASE}
    server.execute(wrong.format(**names))
    try:
        found = _diagnosis(replace(subject, user=WRITER))
    finally:
        server.execute(right.format(**names))
    assert (found.culprit and found.culprit[1].key) == key


def test_who_only_reads_may_read_only(server: Postgres, subject: Subject) -> None:
    server.execute(f"ALTER ROLE {USER} SET default_transaction_read_only = on")
    try:
        assert _diagnosis(subject).culprit is None
    finally:
        server.execute(f"ALTER ROLE {USER} RESET default_transaction_read_only")
