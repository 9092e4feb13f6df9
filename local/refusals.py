"""Logins that must be refused, each made as it would be by somebody who tries."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from unittest.mock import patch

import psycopg

from local.account import Credentials
from local.declared import AIRFLOW
from local.deployment import Deployment
from local.environment import MASTER, STRANGER
from local.logins import connect, token
from local.progress import Unproven

TOKEN_MINUTES = 15


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One attempt: what is wrong with it, and what it sends."""

    what: str
    password: str
    user: str
    sslmode: str = "verify-full"
    because: str = "PAM authentication failed"
    """Part of the answer: that the refusal is for this reason, as far as a server says."""


def attempts(deployment: Deployment) -> Iterator[Refusal]:
    """Every attempt that must fail, as the user that Airflow reads orders with."""
    airflow = deployment.identity(AIRFLOW)
    granted = deployment.declared.grant(AIRFLOW, "orders")
    others = deployment.declared.grant("shop", "orders").user
    user, good = granted.user, airflow.token(granted.user)

    def signed(
        credentials: Credentials = airflow.credentials, *, region: str = airflow.region,
        host: str = airflow.endpoint.host, port: int = airflow.endpoint.port,
    ) -> str:  # fmt: skip
        endpoint = replace(airflow.endpoint, host=host, port=port)
        return token(credentials, endpoint, user, region=region)

    yield Refusal(what="no password", password="", user=user, because="")
    yield Refusal(what="a password that is no token", password="correct horse", user=user)
    yield Refusal(
        what=f"an expired token, {TOKEN_MINUTES} minutes old",
        password=_signed_before(signed, minutes=TOKEN_MINUTES),
        user=user,
    )
    flipped = good.partition("X-Amz-Signature=")[2][0]
    yield Refusal(
        what="a token with another signature",
        password=good.replace(
            f"X-Amz-Signature={flipped}", f"X-Amz-Signature={'1' if flipped == '0' else '0'}"
        ),
        user=user,
    )
    yield Refusal(
        what="a token made longer-lived by hand",
        password=good.replace("X-Amz-Expires=900", "X-Amz-Expires=899"),
        user=user,
    )
    yield Refusal(what="a token for another region", password=signed(region="us-east-1"), user=user)
    yield Refusal(
        what="a token for another instance",
        password=signed(host=f"other-{airflow.endpoint.host}"),
        user=user,
    )
    yield Refusal(what="a token for another port", password=signed(port=5432), user=user)
    yield Refusal(what="a token for another user", password=good, user=others)
    yield Refusal(
        what="another user's name put into a token",
        password=good.replace(f"DBUser={user}", f"DBUser={others}"),
        user=others,
    )
    yield Refusal(
        what="a token for a user that the policy does not name",
        password=airflow.token(others),
        user=others,
    )
    yield Refusal(what="a token for the master user", password=airflow.token(MASTER), user=MASTER)
    yield Refusal(
        what="a token of a role without a policy",
        password=deployment.identity(STRANGER).token(user),
        user=user,
    )
    yield Refusal(
        what="a token of the bootstrap function's role for somebody else",
        password=deployment.identity(MASTER).token(user),
        user=user,
    )
    yield Refusal(
        what="a token of unknown keys",
        password=signed(Credentials(access_key_id="AKIA" + 16 * "A", secret_access_key=40 * "a")),
        user=user,
    )
    yield Refusal(
        what="a token of a session without its session token",
        password=signed(replace(airflow.credentials, session_token=None)),
        user=user,
    )
    yield Refusal(
        what="a good token sent without TLS",
        password=good,
        user=user,
        sslmode="disable",
        because="no encryption",
    )
    group = f"{granted.database}_reader"
    for name, role in (("a group role", group), ("RDS's own superuser", "rdsadmin")):
        yield Refusal(
            what=name,
            password=airflow.token(role),
            user=role,
            because="password authentication failed",
        )


def bad_logins_are_refused(deployment: Deployment) -> str:
    """Each attempt is refused, and the same login with a good token succeeds."""
    airflow = deployment.identity(AIRFLOW)
    granted = deployment.declared.grant(AIRFLOW, "orders")
    refused = 0
    for attempt in attempts(deployment):
        try:
            connection = connect(
                airflow.endpoint,
                database=granted.database,
                user=attempt.user,
                password=attempt.password,
                sslmode=attempt.sslmode,
            )
        except psycopg.OperationalError as error:
            if attempt.because not in str(error):
                raise Unproven(f"{attempt.what}: refused, but with {error}") from error
            refused += 1
        else:
            with closing(connection):
                raise Unproven(f"{attempt.what}: was let in as {connection.info.user}")
        with airflow.log_in(granted.user, granted.database):
            pass
    return f"{refused} ways"


def _signed_before(sign: Callable[[], str], *, minutes: int) -> str:
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minutes)
    # botocore has no other way to sign with a clock that is not the machine's.
    with patch("botocore.auth.get_current_datetime", return_value=then.replace(tzinfo=None)):
        return sign()
