"""Who gets into a database server of the local AWS, and who does not."""

import datetime
import json
import subprocess
from dataclasses import replace
from unittest.mock import patch

import psycopg
import pytest

from proof.account import Account, Credentials
from proof.logins import connect, token
from proof.programs import ROOT
from tests.emulator.conftest import MASTER, REGION, Database, allow

pytestmark = pytest.mark.slow

PAM = 'PAM authentication failed for user "reader"'


def test_a_role_with_a_policy_logs_in(database: Database) -> None:
    with database.reader.log_in("reader", "postgres") as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("reader",)


def test_membership_in_rds_iam_counts_through_a_chain(database: Database) -> None:
    with database.reader.log_in("indirect", "postgres") as connection:
        assert connection.info.user == "indirect"


def test_the_master_user_is_no_superuser(master: psycopg.Connection) -> None:
    query = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = %s"
    assert master.execute(query, [MASTER]).fetchone() == (False, True, True)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        master.execute("CREATE ROLE another SUPERUSER")


def test_rds_owns_what_it_owns_on_rds(master: psycopg.Connection) -> None:
    owners = dict(
        master.execute("SELECT datname, pg_get_userbyid(datdba) FROM pg_database").fetchall()
    )
    assert owners == {
        "postgres": MASTER,
        "rdsadmin": "rdsadmin",
        "template0": "rdsadmin",
        "template1": MASTER,
    }


def test_an_expired_token_is_refused(database: Database) -> None:
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=15, seconds=1)
    with patch("botocore.auth.get_current_datetime", return_value=then.replace(tzinfo=None)):
        expired = database.reader.token("reader")
    assert PAM in database.refusal("reader", expired)
    assert "ExpiredToken" in database.logged()


def test_a_token_that_was_changed_is_refused(database: Database) -> None:
    changed = database.reader.token("reader").replace("Expires=900", "Expires=800")
    assert PAM in database.refusal("reader", changed)
    assert "SignatureDoesNotMatch" in database.logged()


def test_a_token_for_another_region_is_refused(database: Database) -> None:
    other = replace(database.reader, region="us-east-1").token("reader")
    assert PAM in database.refusal("reader", other)


def test_a_token_for_another_user_is_refused(database: Database) -> None:
    assert PAM in database.refusal("reader", database.reader.token("indirect"))


def test_a_token_for_another_host_or_port_is_refused(database: Database) -> None:
    here = database.endpoint
    for elsewhere in (replace(here, host=f"x{here.host}"), replace(here, port=here.port + 1)):
        other = replace(database.reader, endpoint=elsewhere).token("reader")
        assert PAM in database.refusal("reader", other)


def test_a_token_of_a_session_that_ended_is_refused(account: Account, database: Database) -> None:
    ended = account.assume_as_service(
        "service",
        service="lambda.amazonaws.com",
        source_arn="arn:aws:lambda:::function:any",
        session="test",
        seconds=0,
    )
    late = token(ended, database.endpoint, "reader", region=REGION)
    assert PAM in database.refusal("reader", late)
    assert "InvalidCredentials" in database.logged()


def test_a_token_without_its_sessions_token_is_refused(database: Database) -> None:
    half = replace(database.reader.credentials, session_token=None)
    assert PAM in database.refusal(
        "reader", token(half, database.endpoint, "reader", region=REGION)
    )
    assert "InvalidCredentials" in database.logged()


def test_a_role_without_a_policy_is_refused(database: Database) -> None:
    assert PAM in database.refusal("reader", database.stranger.token("reader"))
    assert "is not allowed rds-db:connect" in database.logged()


def test_a_policy_lets_in_the_user_that_it_names_and_no_other(database: Database) -> None:
    said = database.refusal("other", database.reader.token("other"))
    assert 'PAM authentication failed for user "other"' in said


def test_a_user_without_rds_iam_is_refused(database: Database) -> None:
    said = database.refusal("outsider", database.reader.token("outsider"))
    assert 'password authentication failed for user "outsider"' in said


def test_a_user_without_login_is_refused(database: Database) -> None:
    said = database.refusal("retired", database.reader.token("retired"))
    assert 'role "retired" is not permitted to log in' in said


def test_nobody_logs_in_as_rdss_own_superuser(database: Database) -> None:
    said = database.refusal("rdsadmin", database.reader.token("rdsadmin"))
    assert 'password authentication failed for user "rdsadmin"' in said


def test_a_name_too_long_for_a_role_is_not_taken_for_a_shorter_one(
    database: Database, master: psycopg.Connection
) -> None:
    master.execute(f"CREATE ROLE {63 * 'n'} LOGIN IN ROLE rds_iam")
    said = database.refusal(64 * "n", database.reader.token(64 * "n"))
    assert "password authentication failed" in said


def test_a_token_without_tls_is_refused(database: Database) -> None:
    good = database.reader.token("reader")
    said = database.refusal("reader", good, sslmode="disable")
    assert "pg_hba.conf rejects connection" in said
    assert "no encryption" in said
    said = database.refusal("outsider", good, sslmode="disable")
    assert "no pg_hba.conf entry" in said


def test_keys_without_a_policy_to_check_are_refused() -> None:
    """The account's root may do anything, so a forgotten credential of it must not log in."""
    program = """
from botocore.session import get_session
from emulator.engine import Emulator
from emulator.rds.token import Endpoint, check
from emulator.rds.spread import Spread

emulator = Emulator(port=1, account="111122223333", region="eu-central-1")
session = get_session()
session.set_credentials(emulator.root.access_key_id, emulator.root.secret_access_key)
rds = session.create_client("rds", region_name="eu-central-1")
token = rds.generate_db_auth_token("host.example", 5432, "reader")
try:
    check(emulator, Spread(), Endpoint("host.example", 5432, "db-ABC"), "reader", token)
except ValueError as error:
    print(error)
"""
    python = ROOT / ".local/venvs/aws/bin/python"
    ran = subprocess.run([python, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout.startswith("arn:aws:iam::111122223333:root is not allowed"), ran.stderr


def test_an_instance_without_iam_authentication_takes_no_token(
    account: Account, database: Database
) -> None:
    rds = account.client("rds")

    def switch(on: bool) -> None:
        rds.modify_db_instance(
            DBInstanceIdentifier=database.identifier,
            EnableIAMDatabaseAuthentication=on,
            ApplyImmediately=True,
        )

    switch(False)
    try:
        assert PAM in database.refusal("reader", database.reader.token("reader"))
        assert "IAM authentication is off" in database.logged()
    finally:
        switch(True)
    with database.reader.log_in("reader", "postgres"):
        pass


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [("untrusted", "certificate verify failed"), ("misnamed", "does not match host name")],
)
def test_a_client_refuses_a_server_that_the_authority_does_not_vouch_for(
    account: Account, database: Database, certificate: str, reason: str
) -> None:
    rds = account.client("rds")

    def present(authority: str) -> None:
        rds.modify_db_instance(
            DBInstanceIdentifier=database.identifier,
            CACertificateIdentifier=authority,
            ApplyImmediately=True,
        )

    present(certificate)
    try:
        said = database.refusal("reader", database.reader.token("reader"))
        assert reason in said
    finally:
        present("rds-ca-rsa2048-g1")
    with database.reader.log_in("reader", "postgres"):
        pass


def test_the_certificate_is_for_the_endpoints_name_alone(database: Database) -> None:
    other = replace(database.endpoint, host="other.example")
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        connect(other, database="postgres", user="reader", password="x")


def test_each_decision_on_a_login_is_recorded(account: Account, database: Database) -> None:
    with database.reader.log_in("reader", "postgres"):
        pass
    call = [call for call in account.calls() if call.action == "rds-db:connect"][-1]
    assert call.allowed
    assert call.resource.endswith("/reader")
    assert call.role.startswith("database-Reader")


def test_forged_keys_are_refused(database: Database) -> None:
    nobody = Credentials(access_key_id="AKIA" + 16 * "A", secret_access_key=40 * "a")
    forged = token(nobody, database.endpoint, "reader", region=REGION)
    assert PAM in database.refusal("reader", forged)


def test_a_new_policy_takes_its_time_to_be_known(account: Account, database: Database) -> None:
    iam, credentials = account.client("iam"), database.stranger.credentials
    arn = account.client("sts", credentials).get_caller_identity()["Arn"]
    new = {"RoleName": arn.split("/")[1], "PolicyName": "new"}
    document = json.dumps(allow("rds-db:connect", "*")["PolicyDocument"])
    account.policies_take(3600)
    try:
        iam.put_role_policy(**new, PolicyDocument=document)
        with pytest.raises(psycopg.OperationalError, match="PAM authentication failed"):
            database.stranger.log_in("other", "postgres")
        account.policies_take(0)
        with database.stranger.log_in("other", "postgres") as connection:
            assert connection.info.user == "other"
    finally:
        account.policies_take(0)
        iam.delete_role_policy(**new)
    with pytest.raises(psycopg.OperationalError, match="PAM authentication failed"):
        database.stranger.log_in("other", "postgres")
