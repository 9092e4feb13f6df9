"""The steps of a diagnosis, each a question to the evidence."""

from collections.abc import Callable
from ipaddress import IPv4Address

from doctor.answer import Answer, failed, fine, unknown
from doctor.evidence import Evidence
from doctor.refusal import refusal
from rds_login.cause_table import CAUSES, Cause
from rds_login.endpoint import endpoint
from rds_login.login import LoginError
from rds_login.recognition import before_the_login, of_status, seen

Step = Callable[[Evidence], Answer]

CLOCK_SECONDS = 300
"""How far AWS lets a clock be wrong (AWS IAM, "Elements of an AWS API request signature")."""
FEW_CONNECTIONS = 3
_MARKS = ("rds_iam", "airflow_rds_iam")  # roles that give nothing
# Codes of AWS's answers, and names of botocore's own errors.
_ENDED = {
    *("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"),
    *("SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError"),
}
_MISSING = {
    *("NoCredentials", "NoCredentialsError", "PartialCredentialsError"),
    *("CredentialRetrievalError", "ProfileNotFound", "InvalidConfigError"),
}
_REFUSED = {"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch"}


def identity(evidence: Evidence) -> Answer:
    """Who asks, and whether it is the role that was granted the access."""
    caller, expected = evidence.caller, evidence.subject.role_arn
    if caller.arn:
        if expected and _role(caller.arn) != _role(expected):
            return failed("other-role", f"{caller.arn}; the access is {expected}'s")
        return fine(caller.arn)
    code, message = caller.refusal or ("", "")
    said = f"AWS says {code}: {message}"
    if code in _MISSING:
        return failed("no-credentials", message)
    if abs(caller.seconds_ahead or 0) > CLOCK_SECONDS:
        return unknown(f"{said}, as it does to a clock that is wrong")
    if code in _ENDED:
        return failed("ended-credentials", said)
    if code in _REFUSED:
        return failed("refused-credentials", said)
    if caller.assuming:
        return failed("refused-role", said)
    return unknown(f"AWS does not say who asks ({code}: {message})")


def region(evidence: Evidence) -> Answer:
    """Whether tokens are signed for the server's region."""
    subject = evidence.subject
    if not subject.region:
        return failed("no-region", "neither the AWS connection nor the environment names one")
    found = endpoint(subject.host)
    if found is None:
        return unknown(f"{subject.region}; {subject.host} does not tell its own")
    if found.region != subject.region:
        return failed(
            "other-region", f"tokens are for {subject.region}, {subject.host} is in another"
        )
    return fine(subject.region)


def name(evidence: Evidence) -> Answer:
    """Whether the host is an endpoint's name, and leads to a private address."""
    subject = evidence.subject
    if endpoint(subject.host) is None:
        return failed("alias", f"{subject.host} has not the form of an endpoint of Amazon RDS")
    try:
        addresses = evidence.addresses
    except OSError as error:
        if evidence.is_gone:
            return failed("no-instance", f"RDS has no instance {subject.instance}")
        return failed(before_the_login(error).key, seen(error, subject.host, subject.port))
    shown = ", ".join(map(str, addresses))
    # Inside a VPC an IPv6 address is a global one, and so may be a range that a company owns.
    public = any(isinstance(one, IPv4Address) and one.is_global for one in addresses)
    if public and (evidence.instance or {}).get("PubliclyAccessible", True):
        return failed("public-address", f"{subject.host} is {shown}")
    return fine(shown)


def port(evidence: Evidence) -> Answer:
    """Whether the port opens."""
    try:
        evidence.reach()
    except OSError as error:
        answer = _of(error, evidence)
        return _on_the_way(answer, evidence) if answer.key == "silent-port" else answer
    return fine(f"{evidence.subject.endpoint} answers")


def certificate(evidence: Evidence) -> Answer:
    """Whether the server's certificate is trusted, and for this name."""
    subject = evidence.subject
    try:
        evidence.shake_hands()
    except OSError as error:
        cause = before_the_login(error, answered=True)
        if cause.key == "no-authorities":
            return failed(cause.key, f"{subject.authorities or 'no file'} holds no certificate")
        if cause.key == "unknown-authority" and subject.is_proxy:
            cause = CAUSES["proxy"]
        return _of(error, evidence, cause)
    return fine(f"trusted, and for {subject.host}")


def clock(evidence: Evidence) -> Answer:
    """Whether this machine's clock is AWS's."""
    ahead = evidence.caller.seconds_ahead
    if ahead is None:
        return unknown("AWS cannot be asked for the time")
    seen = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} AWS's"
    return failed("wrong-clock", seen) if abs(ahead) > CLOCK_SECONDS else fine(seen)


def permission(evidence: Evidence) -> Answer:
    """Whether IAM lets the role connect as the user, as far as it may be asked."""
    subject, arn = evidence.subject, evidence.subject.role_arn
    if arn is None:
        return unknown("nobody is asked, since it is not known whose access it is; the login tells")
    if evidence.resource_id is None:
        return unknown("this role may not ask RDS for the instance; the login tells")
    partition, account = arn.split(":")[1], arn.split(":")[4]
    resource = (
        f"arn:{partition}:rds-db:{subject.region}:{account}:dbuser:"
        f"{evidence.resource_id}/{subject.user}"
    )
    decision = evidence.simulated(arn, resource)
    if decision is None:
        return unknown("this role may not ask IAM; the login tells")
    if decision != "allowed":
        # A simulation does not know what a policy's conditions ask for; a login does.
        if evidence.gets_in:
            return fine(f"IAM's simulation says {decision}, and the login works")
        key = "denied-permission" if decision == "explicitDeny" else "no-permission"
        return failed(key, f"IAM says {decision} to rds-db:connect on {resource}")
    return fine(f"IAM allows rds-db:connect on {resource}")


def login(evidence: Evidence) -> Answer:
    """Whether the server lets the user in."""
    subject = evidence.subject
    try:
        _ = evidence.session
    except LoginError as error:
        return refusal(evidence, error)
    except OSError as error:
        return _of(error, evidence)
    return fine(f"in as {subject.user}")


def user(evidence: Evidence) -> Answer:
    """Whether the user is in the group of its level, and acts with it."""
    rows = evidence.session.run(
        "SELECT rolname,"
        " rolname = current_user OR pg_catalog.pg_has_role(session_user, oid, 'USAGE'),"
        " CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'the server is a replica, or recovers'"
        " WHEN current_setting('transaction_read_only')::bool"
        " THEN 'default_transaction_read_only is on' END,"
        " CASE WHEN current_schema() IS NULL AND"
        " current_setting('search_path') <> '\"$user\", public'"
        " THEN current_setting('search_path') END"
        " FROM pg_catalog.pg_roles WHERE rolname <> session_user AND"
        " pg_catalog.pg_has_role(session_user, oid, 'MEMBER')"
        " ORDER BY rolname"
    )
    groups = {row[0]: row[1] for row in rows or () if not row[0].startswith(_MARKS)}
    subject = evidence.subject
    expected = subject.group(groups)
    shown = f"in {', '.join(groups) or 'no group'}"
    if expected is None and (subject.level or not groups):
        return failed("no-group", shown)
    if expected and not groups[expected]:
        return failed("idle-group", f"{shown}, and does not act as {expected}")
    if expected and subject.level != "read" and (why := rows and rows[0][2]):
        return failed("read-only", f"{shown}, and may write nothing: {why}")
    if rows and rows[0][3] is not None:
        return failed("no-schema", f"{shown}; search_path is {rows[0][3] or 'empty'}")
    return fine(shown)


def capacity(evidence: Evidence) -> Answer:
    """How many connections are left beside the doctor's own, of the server's and of the user's."""
    # Of others' sessions, a user may see whose they are and in which database, and no more. The
    # function is what pg_stat_activity shows, without the tables that give it names.
    [[server, limit, mine]] = evidence.session.run(
        "SELECT current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int"
        " - coalesce(current_setting('reserved_connections', true)::int, 0)"
        " - coalesce(nullif("
        "current_setting('rds.rds_superuser_reserved_connections', true), '')::int, 0)"
        " - count(datid) + 1,"
        " nullif(rolconnlimit, -1), count(*) FILTER (WHERE usesysid = me.oid) - 1"
        " FROM pg_catalog.pg_roles me, pg_catalog.pg_stat_get_activity(NULL)"
        " WHERE rolname = session_user GROUP BY me.oid, rolconnlimit"
    ) or [[0, None, 0]]
    left = server if limit is None else min(server, limit - mine)
    few = min(FEW_CONNECTIONS, limit or FEW_CONNECTIONS)
    shown = f"{left} are left to {evidence.subject.user}"
    return failed("few-connections", shown) if left < few else fine(shown)


def locks(evidence: Evidence) -> Answer:
    """Whether sessions of the user wait for what another holds."""
    rows = evidence.session.run(
        "SELECT pid, extract(epoch FROM now() - query_start)::int,"
        " coalesce((SELECT string_agg(DISTINCT holds.usename::text, ', ')"
        " FROM pg_catalog.pg_stat_activity holds"
        " WHERE holds.pid = ANY (pg_catalog.pg_blocking_pids(waits.pid))),"
        " 'a prepared transaction')"
        " FROM pg_catalog.pg_roles me JOIN pg_catalog.pg_stat_get_activity(NULL) waits"
        " ON usesysid = me.oid WHERE rolname = session_user"
        " AND cardinality(pg_catalog.pg_blocking_pids(waits.pid)) > 0"
    )
    waits = [f"session {pid} has waited {seconds} s for {who}" for pid, seconds, who in rows or ()]
    return failed("waiting", "; ".join(waits)) if waits else fine("nobody waits")


STEPS: dict[str, Step] = {
    step.__name__: step
    for step in (
        identity,
        region,
        name,
        port,
        certificate,
        clock,
        permission,
        login,
        user,
        capacity,
        locks,
    )
}
"""Every step by its name, in the order in which they are asked."""


def _of(error: OSError, evidence: Evidence, cause: Cause | None = None) -> Answer:
    """What the error says, unless RDS knows better why the server does not answer."""
    said = seen(error, evidence.subject.host, evidence.subject.port)
    key = (cause or before_the_login(error)).key
    if status := evidence.status:
        return failed(of_status(status) or key, f"{said}; RDS says that it is {status}")
    return failed(key, said)


def _on_the_way(silent: Answer, evidence: Evidence) -> Answer:
    """What drops the connection, as far as EC2 may be asked."""
    way = evidence.way
    if isinstance(way, str):
        return failed("silent-port", f"{silent.seen}; {way}")
    return failed(way.key, f"{silent.seen}; {way.seen}")


def _role(arn: str) -> tuple[str, str]:
    """Account and name of the role, from its ARN or its session's."""
    parts = arn.split(":", 5)
    path = parts[5].split("/")
    return parts[4], path[1] if path[0] == "assumed-role" else path[-1]
