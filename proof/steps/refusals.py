"""Logins that must be refused, each made as it would be by somebody who tries."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from unittest.mock import patch

import psycopg

from proof.account import Credentials
from proof.declared import AIRFLOW
from proof.deployment import Deployment
from proof.environment import MASTER, STRANGER, UNKNOWN_KEYS
from proof.logins import Identity, connect, token
from proof.progress import UnprovenError
from proof.shop import IDENTITY as SHOP
from rds_login.cause_table import CAUSES
from rds_login.recognition import in_the_log

TOKEN_MINUTES = 15
MALFORMED = "InvalidToken"
FORGED = "SignatureDoesNotMatch"
EXPIRED = "ExpiredToken"
UNKNOWN = "InvalidCredentials"
NO_POLICY = "is not allowed rds-db:connect"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A login, and why it is to be refused."""

    what: str
    user: str
    password: str
    sslmode: str = "verify-full"
    cause: str = "refused-token"
    """The key of what the table of causes calls it, as the client alone can tell."""
    reason: str = ""
    """Part of what the server's log says of it."""

    @property
    def answers(self) -> tuple[str, ...]:
        """What the table says that clients are told, which never is why a token is refused."""
        return CAUSES[self.cause].clients_say


def attempts(deployment: Deployment) -> Iterator[Attempt]:
    """Every attempt, as the user with which Airflow reads orders unless told otherwise."""
    airflow = deployment.identity(AIRFLOW)
    granted = deployment.declared.grant(AIRFLOW, "orders")
    user, other = granted.user, deployment.declared.grant(SHOP, "orders").user
    good = airflow.token(user)
    yield Attempt(what="no password", user=user, password="", cause="no-token")
    words = "correct horse battery staple"
    yield Attempt(what="a password", user=user, password=words, reason=MALFORMED)
    yield Attempt(
        what="a good token sent without TLS",
        user=user,
        password=good,
        sslmode="disable",
        cause="no-encryption",
    )
    for what, wrong, reason in _wrong_tokens(airflow, user):
        yield Attempt(what=what, user=user, password=wrong, reason=reason)
    yield Attempt(what="a token for another user", user=other, password=good, reason=MALFORMED)
    yield Attempt(
        what="another user's name put into a token",
        user=other,
        password=good.replace(f"DBUser={user}", f"DBUser={other}"),
        reason=FORGED,
    )
    for what, who, whom in (
        ("a token for a user that the policy does not name", airflow, other),
        ("a token for the master user", airflow, MASTER),
        ("a token of a role without a policy", deployment.identity(STRANGER), user),
        ("a token of the bootstrap function's for Airflow", deployment.identity(MASTER), user),
    ):
        yield Attempt(what=what, user=whom, password=who.token(whom), reason=NO_POLICY)
    for what, role in (
        ("a group role", f"{granted.database}_reader"),
        ("RDS's own superuser", "rdsadmin"),
    ):
        yield Attempt(
            what=what,
            user=role,
            password=airflow.token(role),
            cause="no-iam-user",
        )


def _wrong_tokens(airflow: Identity, user: str) -> Iterator[tuple[str, str, str]]:
    """Tokens for ``user`` that are no good: what is wrong, the token, the server's reason."""
    region, endpoint, good = airflow.region, airflow.endpoint, airflow.token(user)

    def signed_by(credentials: Credentials) -> str:
        return token(credentials, endpoint, user, region=region)

    start, _, signature = good.partition("X-Amz-Signature=")
    flipped = ("1" if signature[0] == "0" else "0") + signature[1:]
    yield "another signature", f"{start}X-Amz-Signature={flipped}", FORGED
    yield "an age changed by hand", good.replace("Expires=900", "Expires=899"), FORGED
    old = _before(TOKEN_MINUTES, lambda: airflow.token(user))
    yield f"a token {TOKEN_MINUTES} minutes old", old, EXPIRED
    elsewhere = token(airflow.credentials, endpoint, user, region="us-east-1")
    yield "a token for another region", elsewhere, MALFORMED
    host = replace(endpoint, host=f"other-{endpoint.host}")
    yield "a token for another instance", replace(airflow, endpoint=host).token(user), MALFORMED
    port = replace(endpoint, port=endpoint.port - 1)
    yield "a token for another port", replace(airflow, endpoint=port).token(user), MALFORMED
    yield "a token of keys that nobody has", signed_by(UNKNOWN_KEYS), UNKNOWN
    half = replace(airflow.credentials, session_token=None)
    yield "a token without the session's token", signed_by(half), UNKNOWN


def bad_logins_are_refused(deployment: Deployment) -> str:
    """Each attempt is refused for its reason, and a good token is taken after each."""
    airflow = deployment.identity(AIRFLOW)
    granted = deployment.declared.grant(AIRFLOW, "orders")
    made = list(attempts(deployment))
    for attempt in made:
        try:
            connection = connect(
                airflow.endpoint,
                database=granted.database,
                user=attempt.user,
                password=attempt.password,
                sslmode=attempt.sslmode,
            )
        except psycopg.OperationalError as error:
            logged = deployment.server_log("iam-db-auth-error")[-1] if attempt.reason else ""
            if not _is_as_told(attempt, str(error), logged):
                raise UnprovenError(
                    f"{attempt.what}: refused with {error}, logged {logged}, and the table of"
                    f" causes has {attempt.answers}"
                ) from error
        else:
            with closing(connection):
                raise UnprovenError(f"{attempt.what}: let in as {connection.info.user}")
        with airflow.log_in(granted.user, granted.database):
            pass
    return f"{len(made)} ways"


def _is_as_told(attempt: Attempt, answer: str, logged: str) -> bool:
    """Whether the table's words are the client's, and its codes the log's."""
    if not any(words in answer for words in attempt.answers):
        return False
    if not attempt.reason:
        return True
    return attempt.reason in logged and in_the_log(logged) is not None


def _before(minutes: int, sign: Callable[[], str]) -> str:
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=minutes)
    # botocore has no other way to sign by a clock that is not the machine's.
    with patch("botocore.auth.get_current_datetime", return_value=then.replace(tzinfo=None)):
        return sign()
