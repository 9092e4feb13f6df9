"""Whose certificate is taken, with the defaults of whichever Python there is."""

import ssl
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from rds_login.tls import encrypted, trusting
from tests.tls_front import listening, write_certificate

HOST = "db.example"


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ssl.SSLContext]:
    """The default context as Python 3.13 and newer make it."""
    default = ssl.create_default_context

    def create(*arguments: Any, **options: Any) -> ssl.SSLContext:
        context = default(*arguments, **options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    monkeypatch.setattr(ssl, "create_default_context", create)
    return create


def signed(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """A certificate that names no key of its issuer's, which RFC 5280 asks for."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=name == issuer, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(by, SHA256())
    )


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The server's certificate with its key, and that of the authority which signed it."""
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = signed("authority", authority, "authority", authority)
    chain = [signed(HOST, server, "authority", authority), root]
    key = server.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "certificate.pem"
    file.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in chain) + key)
    return file


@pytest.fixture
def port(certificate: Path, tmp_path: Path) -> Generator[int]:
    with listening(tmp_path / "no-server", certificate, lambda _, __: False) as port:
        yield port


def shown(port: int, context: ssl.SSLContext, host: str = HOST) -> None:
    encrypted(host, port, context, 10, address="127.0.0.1").close()


def test_a_certificate_is_not_refused_for_its_form(
    port: int, certificate: Path, strict: Callable[..., ssl.SSLContext]
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Missing Authority Key Identifier"):
        shown(port, strict(cafile=certificate))
    shown(port, trusting(certificate))


def test_one_for_another_name_is_refused(port: int, certificate: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shown(port, trusting(certificate), host="other.example")


def test_one_of_another_authority_is_refused(port: int, tmp_path: Path) -> None:
    write_certificate(tmp_path / "other.pem", HOST)
    with pytest.raises(ssl.SSLCertVerificationError):
        shown(port, trusting(tmp_path / "other.pem"))


def test_chain_and_name_are_asked_for(certificate: Path) -> None:
    context = trusting(certificate)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
