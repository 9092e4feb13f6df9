import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from airflow_rds_iam.certificates import RDS_CERTIFICATES


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


def test_none_had_expired_when_they_were_taken(certificates: list[x509.Certificate]) -> None:
    taken = datetime(2026, 11, 22, tzinfo=UTC)
    assert min(one.not_valid_after_utc for one in certificates) > taken


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
