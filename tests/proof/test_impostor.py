import psycopg
import pytest

from proof import impostor


def test_a_client_that_does_not_insist_on_tls_tells_the_impostor_its_token() -> None:
    with impostor.listening("127.0.0.2", 0) as server:
        _connect(server.port, sslmode="prefer")
    assert server.tokens == ["the token"]


@pytest.mark.parametrize("sslmode", ["require", "verify-full"])
def test_a_client_that_insists_on_tls_tells_it_nothing(sslmode: str) -> None:
    with impostor.listening("127.0.0.2", 0) as server:
        _connect(server.port, sslmode=sslmode)
    assert server.tokens == []


def _connect(port: int, *, sslmode: str) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            host="127.0.0.2", port=port, user="reader", password="the token", sslmode=sslmode
        )
