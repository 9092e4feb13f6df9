"""Whether an Airflow connection says what a login with a token needs."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from doctor.answer import Answer, failed, fine
from doctor.subject import Subject
from rds_login.derived_names import word
from rds_login.endpoint import endpoint

POSTGRES = ("postgres", "postgresql")
VERIFYING = ("verify-ca", "verify-full")
UNENCRYPTED = ("disable", "allow")
OWN = frozenset(
    {
        *("iam", "aws_conn_id", "azure_conn_id", "redshift", "redshift-serverless"),
        *("cluster-identifier", "workgroup-name", "sqlalchemy_scheme", "sqlalchemy_query"),
        *("cursor", "autocommit", "prepare_threshold", "row_factory", "cursor_factory", "context"),
        "connection_factory",
    }
)
"""What the hook and the drivers keep for themselves of an extra; all else goes to libpq."""
PLAIN = frozenset({"iam", "aws_conn_id", "sqlalchemy_query", "sslmode", "sslrootcert", "hostaddr"})
"""What changes nothing of a login that the doctor's own does not have, too."""


def settings(
    subject: Subject,
    extra: Mapping[str, Any],
    *,
    missing: Callable[[str], str | None],
    refused: Callable[[Mapping[str, Any]], str | None],
    kind: str = POSTGRES[0],
) -> Answer:
    """The first thing that is wrong with a connection.

    Args:
        subject: the login that it is for.
        extra: of the connection.
        missing: says why there is no AWS connection of an id; None if there is.
        refused: says why the driver takes none of some options; None if it takes them all.
        kind: its type (`conn_type`).
    """
    title = subject.title
    for what in ("host", "user", "database"):
        if not getattr(subject, what):
            return failed("incomplete", f"{title} has no {what}")
    if kind not in POSTGRES:
        return failed("other-type", f"{title} has conn_type {kind}")
    if not extra.get("iam"):
        return failed("no-token", f"{title} has no iam in its extra")
    if why := refused({key: value for key, value in extra.items() if key not in OWN}):
        return failed("unknown-option", f"{title}: {why}")
    given: Any = extra.get("sqlalchemy_query") or {}
    if not isinstance(given, Mapping):
        return failed("other-options", f"sqlalchemy_query of {title} is no object of names")
    query = cast("Mapping[str, Any]", given)
    for where, mode in (("extra", extra.get("sslmode")), ("engine", query.get("sslmode"))):
        if mode in UNENCRYPTED:
            return failed("no-encryption", f"{title} has sslmode={mode} in its {where}")
        if mode not in VERIFYING:
            return failed("no-verification", f"{title} has sslmode={mode} in its {where}")
    if query.get("sslrootcert") != extra.get("sslrootcert"):
        return failed(
            "no-verification",
            f"the engine of {title} has the authorities {query.get('sslrootcert')}, and not"
            f" {extra.get('sslrootcert')}",
        )
    aws_conn_id = extra.get("aws_conn_id")
    if aws_conn_id and (why := missing(aws_conn_id)):
        return failed("no-aws-connection", f"{aws_conn_id}: {why}")
    server = title.removesuffix(f"_{word(subject.database)}")
    ours = subject.level and server != title and endpoint(subject.host)
    if ours and not f"-{subject.instance}".endswith(f"-{server}"):
        return failed("other-server", f"{title} is for {subject.instance}, not for {server}")
    return fine(f"{subject.user} to {subject.database} on {subject.endpoint}")
