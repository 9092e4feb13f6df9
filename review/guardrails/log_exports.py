"""Every server's log, and its refused logins, are kept outside of it."""

from collections.abc import Iterator

from review.guardrails.subject import Subject, Violation

# "Publishing PostgreSQL logs to Amazon CloudWatch Logs", and the same for MySQL and MariaDB.
WANTED = {"postgres": ("postgresql", "iam-db-auth-error")}
OTHERS = ("audit", "error", "iam-db-auth-error")


def violations(subject: Subject) -> Iterator[Violation]:
    """Each server that does not export what an audit needs."""
    for server in subject.access.servers:
        one = server.resource
        if one is None:
            continue
        engine = str(one.properties.get("Engine", ""))
        wanted = WANTED["postgres"] if "postgres" in engine else OTHERS
        exported: list[str] = one.properties.get("EnableCloudwatchLogsExports") or []
        missing = [log for log in wanted if log not in exported]
        if missing:
            yield Violation(
                message=f"{server.name} does not export its logs: {', '.join(missing)}",
                resource=one,
            )
