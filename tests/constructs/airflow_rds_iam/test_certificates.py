import re
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from airflow_rds_iam.certificates import RDS_CERTIFICATES, blocks, regions, roots
from airflow_rds_iam.certificates.__main__ import main
from tests.tls_front import write_certificate


@pytest.fixture(scope="module")
def certificates() -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(RDS_CERTIFICATES.read_bytes())


def test_each_is_an_authority_of_amazon_rds_that_signed_itself(
    certificates: list[x509.Certificate],
) -> None:
    for certificate in certificates:
        certificate.verify_directly_issued_by(certificate)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.value.ca
        [name] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert str(name.value).startswith("Amazon RDS ")
        assert " Root CA " in str(name.value)


def test_no_certificate_is_there_twice(certificates: list[x509.Certificate]) -> None:
    assert len({one.fingerprint(SHA256()) for one in certificates}) == len(certificates)


def test_none_ends_within_a_year(certificates: list[x509.Certificate]) -> None:
    first = min(one.not_valid_after_utc for one in certificates)
    assert first > datetime.now(UTC) + timedelta(days=365)


def test_tls_trusts_them_all_and_nothing_else(certificates: list[x509.Certificate]) -> None:
    context = ssl.create_default_context(cafile=str(RDS_CERTIFICATES))
    assert len(context.get_ca_certs()) == len(certificates) > 80


def test_the_file_holds_certificates_and_nothing_else() -> None:
    lines = RDS_CERTIFICATES.read_text().splitlines()
    assert {line for line in lines if line.startswith("-")} == {
        "-----BEGIN CERTIFICATE-----",
        "-----END CERTIFICATE-----",
    }
    assert "PRIVATE" not in RDS_CERTIFICATES.read_text()


def test_each_region_that_has_one_has_them_all(certificates: list[x509.Certificate]) -> None:
    kinds: dict[str, set[str]] = {}
    for name in roots(RDS_CERTIFICATES):
        if match := re.fullmatch(r"Amazon RDS ([a-z]+-[a-z-]+-\d) Root CA (\S+) G1", name):
            kinds.setdefault(match[1], set()).add(match[2])
    assert kinds.keys() == regions()
    assert set(map(frozenset, kinds.values())) == {frozenset({"ECC384", "RSA2048", "RSA4096"})}


def test_a_new_bundle_is_taken_and_what_changes_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begin = "-----BEGIN CERTIFICATE-----"
    one, two, three = (f"{begin}{one}" for one in RDS_CERTIFICATES.read_text().split(begin)[1:4])
    held, new = tmp_path / "held.pem", tmp_path / "new.pem"
    held.write_text(one + two)
    new.write_text(f"# newest\n{one}{three}")
    assert main(new, held) == 0
    said = capsys.readouterr().out
    assert re.search(r"^\+ Amazon RDS .*, until \d{4}-", said, re.MULTILINE)
    assert re.search(r"^- Amazon RDS ", said, re.MULTILINE)
    assert "1 new, 1 gone, 2 in all" in said
    assert "#" not in held.read_text()
    assert roots(held) == roots(new)


@pytest.mark.parametrize("content", ["", "no certificate"])
def test_a_file_that_is_no_bundle_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    held, new = tmp_path / "held.pem", tmp_path / "new.pem"
    held.write_bytes(RDS_CERTIFICATES.read_bytes())
    new.write_text(content)
    assert main(new, held) == 1
    assert f"{new} holds no certificates" in capsys.readouterr().err
    assert held.read_bytes() == RDS_CERTIFICATES.read_bytes()


def test_a_bundle_with_somebody_elses_root_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_certificate(tmp_path / "new.pem", "db.example")
    assert main(tmp_path / "new.pem") == 1
    assert "is no root of Amazon RDS" in capsys.readouterr().err


def _server_certificate() -> str:
    """One that is no authority, as a server presents it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Amazon RDS eu-central-1 server")])
    built = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=7,
        not_valid_before=now,
        not_valid_after=now + timedelta(days=900),
    ).add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return built.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


@pytest.mark.parametrize("where", ["alone", "before", "after"])
def test_a_certificate_that_is_no_authority_is_refused_wherever_it_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    right, wrong = RDS_CERTIFICATES.read_text(), _server_certificate()
    held, new = tmp_path / "held.pem", tmp_path / "new.pem"
    held.write_text(right)
    new.write_text({"alone": wrong, "before": wrong + right, "after": right + wrong}[where])
    assert main(new, held) == 1
    assert "is no authority" in capsys.readouterr().err
    assert held.read_text() == right


@pytest.mark.parametrize(
    ("replaced", "times", "says"),
    [("!II", 1, "cannot be read"), ("MII", 2, "is there twice")],
    ids=["damaged", "twice"],
)
def test_a_certificate_that_is_damaged_or_there_twice_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    replaced: str,
    times: int,
    says: str,
) -> None:
    new = tmp_path / "new.pem"
    (tmp_path / "held.pem").write_bytes(RDS_CERTIFICATES.read_bytes())
    one = blocks(RDS_CERTIFICATES)[0].replace("MII", replaced, 1)
    new.write_text(f"{one}\n" * times)
    assert main(new, tmp_path / "held.pem") == 1
    assert says in capsys.readouterr().err
