"""Why a server refuses a login, from its answer and from what else may be asked."""

from doctor.answer import Answer, failed
from doctor.evidence import Evidence
from rds_login.login import LoginError
from rds_login.recognition import at_the_login, in_the_log

_LOG = "the instance's log iam-db-auth-error"


def refusal(evidence: Evidence, error: LoginError) -> Answer:
    """The cause as narrow as it can be told, and what was seen of it."""
    cause, said = at_the_login(error.code, error.message), f"{error.message} ({error.code})"
    match cause.key:
        case "refused-token" | "no-iam-user" if evidence.iam_is_off:
            return failed("iam-off", f"{said}; RDS says that it is off")
        case "refused-token":
            return _refused_token(evidence, said)
        case "no-iam-user" | "no-connect" | "full-database" | "no-connection-left":
            return _from_inside(evidence, cause.key, said)
        case key:
            return failed(key, said)


def broken(error: LoginError | OSError) -> Answer:
    """Why a session that was open answers no more."""
    if isinstance(error, OSError):
        return failed("broken-session", "the session was ended")
    cause = at_the_login(error.code, error.message)
    key = "broken-session" if cause.key == "refused" else cause.key
    return failed(key, f"{error.message} ({error.code})")


def _refused_token(evidence: Evidence, said: str) -> Answer:
    logged = evidence.logged()
    if logged.line:
        cause = in_the_log(logged.line)
        return failed(
            cause.key if cause else "refused-token", f"{said}; {_LOG} says: {logged.line}"
        )
    if logged.refusal == "ResourceNotFoundException":
        why = f"{_LOG} is not exported, which would say"
    elif logged.refusal:
        why = f"this role may not read {_LOG} ({logged.refusal}), which says"
    else:
        why = f"{_LOG} has no line of it yet, which will say"
    return failed(
        "refused-token", f"{said}; {why} whether it was the policy, the token or the service"
    )


def _from_inside(evidence: Evidence, key: str, said: str) -> Answer:
    """What the server's inside tells of a refusal that has several reasons."""
    inside, subject = evidence.inside, evidence.subject
    if inside is None:
        return failed(key, f"{said}; this role may not ask the server's inside which")
    if inside.groups is None:
        return failed("no-user", f"{said}; there is no {subject.user} inside")
    if key == "no-iam-user" and "rds_iam" not in inside.groups:
        return failed("no-iam-member", f"{said}; inside it is in {inside.shown_groups}")
    if key == "no-connect" and subject.level and not subject.group(inside.groups):
        return failed("no-group", f"{said}; inside it is in {inside.shown_groups}")
    return failed(key, f"{said}; {inside.capacity}")
