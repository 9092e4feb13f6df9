"""What is seen of a server, on real sockets of loopback."""

import socket
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from doctor.answer import Answer
from doctor.evidence import Evidence, source
from doctor.steps import certificate, name, port
from doctor.subject import Subject
from proof.faults.network import MYSQL_GREETING
from rds_login.tls import OtherEngineError
from tests.tls_front import listening, write_certificate

HOST = "dev-warehouse.abcdefghijkl.eu-central-1.rds.amazonaws.com"


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")


def _subject(number: int, authorities: Path | str = "/nonexistent") -> Subject:
    return Subject(
        title="it",
        host=HOST,
        port=number,
        database="orders",
        user="reader",
        region="eu-central-1",
        authorities=str(authorities),
    )


def _evidence(number: int, authorities: Path | str = "/nonexistent") -> Evidence:
    return Evidence(_subject(number, authorities), session=Nobody())


class Nobody:
    """A session that may ask nothing of AWS."""

    def client(self, *_: object, **__: object) -> None:
        raise NoCredentialsError


def _cause(answer: Answer) -> str | None:
    return answer.cause and answer.cause.key


def _nobody(user: str, token: str) -> bool:
    return False


@contextmanager
def _answering(words: bytes) -> Generator[int]:
    """A port at which somebody says ``words`` to whatever is asked, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with closing(client):
                client.recv(8)
                client.sendall(words)

        Thread(target=answer, daemon=True).start()
        yield server.getsockname()[1]


def test_a_port_that_nobody_listens_at_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    assert _cause(port(_evidence(number))) == "closed-port"


def test_a_port_that_opens_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert _cause(port(_evidence(server.getsockname()[1]))) is None


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (b"N", "no-tls"),
        (b"HTTP/1.1 400 Bad Request\r\n", "no-tls"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "no-tls"),  # which begins as PostgreSQL's yes
        (b"S\x15\x03\x01\0\x02\x02\x46", "other-tls"),  # the alert protocol_version
        (b"S\x15\x03\x03\0\x02\x02\x28", "other-tls"),  # the alert handshake_failure
        (MYSQL_GREETING, "other-engine"),
        (b"", "hung-up"),
    ],
)
def test_who_speaks_no_tls_is_told_from_who_is_not_trusted(
    tmp_path: Path, words: bytes, key: str
) -> None:
    write_certificate(tmp_path / "authority.pem", HOST)
    with _answering(words) as number:
        assert _cause(certificate(_evidence(number, tmp_path / "authority.pem"))) == key


# A packet of MySQL begins with its length, which may look like an answer of PostgreSQL's.
@pytest.mark.parametrize("length", [b"J", b"S", b"N"])
@pytest.mark.parametrize(
    ("version", "engine"), [(b"8.0.40", "MySQL"), (b"5.5.5-10.11.9-MariaDB-log", "MariaDB")]
)
def test_another_engine_is_known_by_its_greeting(
    tmp_path: Path, length: bytes, version: bytes, engine: str
) -> None:
    greeting = length + MYSQL_GREETING[1:].replace(b"8.0.40", version)
    write_certificate(tmp_path / "authority.pem", HOST)
    with _answering(greeting) as number, pytest.raises(OtherEngineError, match=engine):
        _evidence(number, tmp_path / "authority.pem").shake_hands()


@pytest.mark.parametrize(
    ("names", "trusted", "key"),
    [
        ([HOST], True, None),
        ([HOST], False, "unknown-authority"),
        (["other.abcdefghijkl.eu-central-1.rds.amazonaws.com"], True, "other-name"),
    ],
)
def test_a_certificate_is_trusted_and_for_this_name_or_is_not(
    tmp_path: Path, names: list[str], trusted: bool, key: str | None
) -> None:
    presented, other = tmp_path / "presented.pem", tmp_path / "other.pem"
    write_certificate(presented, *names)
    write_certificate(other, HOST)
    with listening(tmp_path / "nobody", presented, _nobody) as number:
        evidence = _evidence(number, presented if trusted else other)
        assert _cause(certificate(evidence)) == key


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_of_authorities_that_serves_nothing_is_named(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "authorities.pem"
    if content is not None:
        file.write_text(content)
    answer = certificate(_evidence(1, file))
    assert _cause(answer) == "no-authorities"
    assert str(file) in answer.seen


def test_an_address_that_is_given_is_taken_as_libpq_takes_it() -> None:
    assert name(_evidence(5432)).seen == "127.0.0.1"


def test_a_name_that_does_not_exist_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGHOSTADDR")
    nowhere = replace(_subject(5432), host="x.invalid.eu-central-1.rds.amazonaws.com")

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert _cause(name(Evidence(nowhere, session=Nobody()))) == "unknown-name"


def test_of_a_connection_without_a_host_rds_is_asked_for_no_instance() -> None:
    # Session is None: to ask it anything would fail.
    assert Evidence(replace(_subject(5432), host=""), session=None).instance is None


@pytest.mark.parametrize("kind", ["proxy"])
def test_of_what_is_no_instance_rds_is_asked_for_none(kind: str) -> None:
    host = f"it.{kind}-abcdefghijkl.eu-central-1.rds.amazonaws.com"
    # Session is None: to ask it anything would fail.
    assert not Evidence(replace(_subject(5432), host=host), session=None).is_gone


class Refused(Nobody):
    """A session that EC2 refuses."""

    def client(self, *_: object, **__: object) -> Any:
        return self

    def describe_network_interfaces(self, **_: object) -> None:
        told: Any = {"Error": {"Code": "UnauthorizedOperation", "Message": "no"}}
        raise ClientError(told, "DescribeNetworkInterfaces")


@pytest.mark.parametrize(
    ("instance", "via", "says"),
    [
        (None, None, "was not seen: this role may not ask RDS for the instance"),
        ({"DBSubnetGroup": {"VpcId": "vpc-1"}}, ("127.0.0.1", 1), "the port is forwarded"),
        (
            {"DBSubnetGroup": {"VpcId": "vpc-1"}},
            None,
            "was not seen: DescribeNetworkInterfaces was refused (UnauthorizedOperation)",
        ),
    ],
)
def test_what_could_not_be_seen_of_the_way_is_said(
    instance: Any, via: tuple[str, int] | None, says: str
) -> None:
    evidence = Evidence(replace(_subject(5432), via=via), session=Refused())
    evidence.__dict__["_described"] = (instance, None)
    assert isinstance(evidence.way, str)
    assert says in evidence.way


def test_the_address_that_asks_is_that_which_a_connection_would_have() -> None:
    assert source(IPv4Address("127.0.0.9"), 5432) == IPv4Address("127.0.0.1")


class WithCluster(Nobody):
    """A session of an account with one cluster, whose second instance writes."""

    def __init__(self) -> None:
        self.log_group = ""

    def client(self, *_: object, **__: object) -> Any:
        return self

    def describe_db_clusters(self, *, DBClusterIdentifier: str) -> dict[str, Any]:  # noqa: N803
        if DBClusterIdentifier != "sea":
            raise ClientError({"Error": {"Code": "DBClusterNotFoundFault"}}, "DescribeDBClusters")
        members = [
            {"DBInstanceIdentifier": "sea-1", "IsClusterWriter": False},
            {"DBInstanceIdentifier": "sea-2", "IsClusterWriter": True},
        ]
        cluster = {
            "DbClusterResourceId": "cluster-SEA",
            "Status": "stopped",
            "IAMDatabaseAuthenticationEnabled": False,
            "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}],
            "DBClusterMembers": members,
        }
        return {"DBClusters": [cluster]}

    def describe_db_instances(self, *, DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803
        assert DBInstanceIdentifier == "sea-2"
        instance = {
            "DbiResourceId": "db-TWO",
            "DBInstanceStatus": "available",
            "IAMDatabaseAuthenticationEnabled": True,
            "PubliclyAccessible": False,
        }
        return {"DBInstances": [instance]}

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, *, logGroupName: str, **_: object) -> Any:  # noqa: N803
        self.log_group = logGroupName
        return [{"events": [{"message": "refused"}]}]


@pytest.mark.parametrize("kind", ["cluster", "cluster-ro"])
def test_a_cluster_is_seen_as_one_server_by_its_own_id(kind: str) -> None:
    host = f"sea.{kind}-abcdefghijkl.eu-central-1.rds.amazonaws.com"
    session = WithCluster()
    evidence = Evidence(replace(_subject(5432), host=host), session=session)
    assert evidence.resource_id == "cluster-SEA"
    assert (evidence.status, evidence.iam_is_off, evidence.is_gone) == ("stopped", True, False)
    assert evidence.instance
    assert evidence.instance["PubliclyAccessible"] is False
    assert evidence.logged().line == "refused"
    assert session.log_group == "/aws/rds/cluster/sea/iam-db-auth-error"


def test_a_cluster_that_rds_does_not_have_is_gone() -> None:
    host = "lake.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com"
    assert Evidence(replace(_subject(5432), host=host), session=WithCluster()).is_gone
