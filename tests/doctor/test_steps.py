"""Each fault by itself is called by its name, and what stands on it is not reached."""

import json
import socket
import ssl
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, ip_address
from itertools import combinations
from typing import Any, cast

import pytest
from pg8000.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    DatabaseError,
    InterfaceError,
)

from doctor.answer import State
from doctor.diagnosis import Diagnosis, diagnose
from doctor.evidence import Caller, Evidence, Logged
from doctor.inside import Inside, Room
from doctor.steps import STEPS
from doctor.subject import Subject
from doctor.way.ends import Obstacle
from rds_login.cause_table import CAUSES
from rds_login.cause_table import STEPS as STEPS_OF_CAUSES
from rds_login.login import LoginError
from rds_login.recognition import SilentLoginError
from rds_login.tls import NoTlsError, OtherEngineError

ROLE = "arn:aws:iam::111122223333:role/teams/analyst"
SUBJECT = Subject(
    title="analyst_orders_read@orders",
    host="dev-warehouse.abcdefghijkl.eu-central-1.rds.amazonaws.com",
    port=5432,
    database="orders",
    user="analyst_orders_read",
    region="eu-central-1",
    authorities="/certificates/global-bundle.pem",
    role_arn=ROLE,
    resource_id="db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
)
CALLER = Caller(arn="arn:aws:sts::111122223333:assumed-role/analyst/jane", seconds_ahead=0.4)


ADDRESS = IPv4Address("10.0.1.7")


@dataclass
class Told:
    """Evidence that says what it is told; an exception is raised."""

    subject: Subject = SUBJECT
    caller: Caller = CALLER
    address: Any = ADDRESS
    reached: Any = None
    hands: Any = None
    resource_id: str | None = SUBJECT.resource_id
    decision: str | None = "allowed"
    entered: Any = None
    log: str | None = None
    groups: dict[str, bool] = field(
        default_factory=lambda: {"orders_reader": True, "rds_iam": True}
    )
    left: tuple[int, int | None, int] = (40, 8, 0)
    is_gone: bool = False
    closed: bool = False
    instance: dict[str, Any] | None = None
    status: str | None = None
    iam_is_off: bool = False
    inside: Inside | None = None
    way: Obstacle | str = "nothing was seen"
    waiting: list[Any] = field(default_factory=list[Any])
    read_only: str | None = None
    path: str | None = None
    answered: Any = None

    @property
    def addresses(self) -> list[Any]:
        return [_told(self.address)]

    def reach(self) -> None:
        _told(self.reached)

    def shake_hands(self) -> None:
        _told(self.hands)

    def simulated(self, role_arn: str, resource_arn: str) -> str | None:
        assert role_arn == ROLE
        assert resource_arn.endswith(f":dbuser:{self.resource_id}/{self.subject.user}")
        return self.decision

    @property
    def gets_in(self) -> bool:
        return self.entered is None

    def close(self) -> None:
        self.closed = True

    def logged(self) -> Logged:
        return Logged(line=self.log, refusal=None if self.log else "AccessDeniedException")

    @property
    def session(self) -> "Told":
        _told(self.entered)
        return self

    def run(self, sql: str) -> list[Any]:
        _told(self.answered)
        if "pg_blocking_pids" in sql:
            return self.waiting
        return (
            [self.left]
            if "max_connections" in sql
            else [[*one, self.read_only, self.path] for one in self.groups.items()]
        )


def _told(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def _unverified(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError()
    error.verify_code, error.verify_message = code, message
    return error


def _ended(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "it ended")
    error.reason = reason
    return error


def _of(**changes: Any) -> Subject:
    return replace(SUBJECT, **changes)


def _inside(groups: tuple[str, ...] | None) -> Inside:
    room = Room(sessions=5, limit=5)
    return Inside(groups=groups, user=room if groups else None, database=room, left=40)


PAM = LoginError("28P01", 'PAM authentication failed for user "analyst_orders_read"')
PASSWORD = LoginError("28P01", 'password authentication failed for user "analyst_orders_read"')
FAULTS: dict[str, dict[str, Any]] = {
    "no-credentials": {"caller": Caller(refusal=("NoCredentials", "there are none"))},
    "ended-credentials": {"caller": Caller(refusal=("ExpiredToken", "it ended"))},
    "refused-credentials": {"caller": Caller(refusal=("InvalidClientTokenId", "unknown"))},
    "refused-role": {"caller": Caller(refusal=("AccessDenied", "not authorized"), assuming=True)},
    "other-role": {"caller": replace(CALLER, arn=str(CALLER.arn).replace("analyst", "other"))},
    "no-region": {"subject": _of(region=None)},
    "other-region": {"subject": _of(region="us-east-1"), "entered": PAM},
    "alias": {"subject": _of(host="db.example.com"), "entered": PAM},
    "unknown-name": {"address": socket.gaierror(socket.EAI_NONAME, "not known")},
    "no-instance": {"address": socket.gaierror(socket.EAI_NONAME, "no"), "is_gone": True},
    "public-address": {"address": ip_address("54.93.1.2"), "reached": TimeoutError()},
    "silent-port": {"reached": TimeoutError()},
    **{
        key: {"reached": TimeoutError(), "way": Obstacle(key=key, seen="it is", where="sg-1")}
        for key in ("closed-group", "no-path", "closed-acl")
    },
    "stopped": {"reached": TimeoutError(), "status": "stopped"},
    "broken-instance": {"reached": TimeoutError(), "status": "inaccessible-encryption-credentials"},
    "no-route": {"reached": OSError(101, "Network is unreachable")},
    "closed-port": {"reached": ConnectionRefusedError()},
    "no-dns": {"address": socket.gaierror(socket.EAI_AGAIN, "try again")},
    "no-authorities": {"hands": FileNotFoundError()},
    "mute-server": {"hands": TimeoutError()},
    "hung-up": {"hands": ConnectionResetError()},
    "no-tls": {"hands": NoTlsError()},
    "other-tls": {"hands": _ended("TLSV1_ALERT_PROTOCOL_VERSION")},
    "other-engine": {"hands": OtherEngineError("MySQL")},
    "unknown-authority": {"hands": _unverified(19, "self-signed certificate in chain")},
    "proxy": {
        "subject": _of(host="it.proxy-abcdefghijkl.eu-central-1.rds.amazonaws.com"),
        "hands": _unverified(20, "unable to get local issuer certificate"),
    },
    "ended-certificate": {"hands": _unverified(10, "certificate has expired")},
    "other-name": {"hands": _unverified(62, "hostname mismatch")},
    "wrong-clock": {
        "caller": Caller(
            refusal=("SignatureDoesNotMatch", "Signature expired"), seconds_ahead=-1200
        ),
        "entered": PAM,
    },
    "no-permission": {"decision": "implicitDeny", "entered": PAM},
    "denied-permission": {"decision": "explicitDeny", "entered": PAM},
    "refused-token": {"entered": PAM},
    "expired-token": {"entered": PAM, "log": "… (Status Code: 400, Error Code:ExpiredToken)"},
    "invalid-token": {"entered": PAM, "log": "… (Status Code: 400, Error Code: InvalidToken)"},
    "throttled": {"entered": PAM, "log": "… (Status Code: 429, Error Code: ThrottlingException)"},
    "failed-service": {"entered": PAM, "log": "… (Status Code: 500, Error Code: InternalError)"},
    "iam-off": {"entered": PAM, "iam_is_off": True},
    "no-iam-user": {"entered": PASSWORD},
    "no-user": {"entered": PASSWORD, "inside": _inside(None)},
    "no-iam-member": {"entered": PASSWORD, "inside": _inside(("orders_reader",))},
    "no-login": {"entered": LoginError("28000", 'role "x" is not permitted to log in')},
    "no-encryption": {"entered": LoginError("28000", "no pg_hba.conf entry …, no encryption")},
    "no-database": {"entered": LoginError("3D000", 'database "orders" does not exist')},
    "invalid-database": {"entered": LoginError("55000", 'cannot connect to invalid database "x"')},
    "shut-database": {"entered": LoginError("55000", "… not currently accepting connections")},
    "no-connect": {"entered": LoginError("42501", "permission denied for database")},
    "own-limit": {"entered": LoginError("53300", 'too many connections for role "x"')},
    "full-database": {"entered": LoginError("53300", 'too many connections for database "orders"')},
    "no-connection-left": {"entered": LoginError("53300", "sorry, too many clients already")},
    "starting": {"entered": LoginError("57P03", "the database system is starting up")},
    "full-storage": {"entered": LoginError("53100", "No space left on device")},
    "no-locks": {"entered": LoginError("53200", "out of shared memory")},
    "no-resource": {"entered": LoginError("53200", "out of memory")},
    "damaged-server": {"entered": LoginError("XX001", "invalid page")},
    "silent-login": {"entered": SilentLoginError()},
    "lost-connection": {"entered": ConnectionResetError()},
    "refused": {"entered": LoginError("XX000", "something else")},
    "broken-session": {"answered": DatabaseError({"C": "57014", "M": "canceling statement"})},
    "no-group": {"groups": {"rds_iam": True, "airflow_rds_iam": False}},
    "idle-group": {"groups": {"orders_reader": False, "rds_iam": True}},
    "read-only": {
        "subject": _of(user="analyst_orders_write"),
        "groups": {"orders_writer": True},
        "read_only": "the server is a replica, or recovers",
    },
    "no-schema": {"path": "nowhere"},
    "few-connections": {"left": (1, None, 0)},
    "waiting": {"waiting": [[7, 90, "shop_orders_own"]]},
}
"""One fault each; what it brings about further down is told, too."""
# These are Airflow's, and known before a step is asked.
OF_THE_CONNECTION = {cause.key for cause in CAUSES.values() if cause.step == "connection"} - {
    "no-encryption"  # which the server tells, too
}


def _step(fault: str) -> str:
    return "login" if fault == "no-encryption" else CAUSES[fault].step


def _diagnosis(**faults: Any) -> Diagnosis:
    return diagnose(cast("Evidence", Told(**faults)))


def _diagnosed(**faults: Any) -> tuple[str | None, dict[str, State]]:
    diagnosis = _diagnosis(**faults)
    states = {step: answer.state for step, answer in diagnosis.answers.items()}
    return diagnosis.culprit and diagnosis.culprit[1].key, states


def test_a_login_that_works_is_called_healthy() -> None:
    key, states = _diagnosed()
    assert key is None
    assert set(states.values()) == {State.FINE}


def test_every_cause_has_a_fault_here() -> None:
    assert FAULTS.keys() == CAUSES.keys() - OF_THE_CONNECTION


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_called_by_its_name(fault: str) -> None:
    assert _diagnosed(**FAULTS[fault])[0] == fault


@pytest.mark.parametrize("fault", FAULTS)
def test_what_stands_on_a_fault_is_not_reached(fault: str) -> None:
    states = _diagnosed(**FAULTS[fault])[1]
    steps = list(STEPS)
    after = steps[steps.index(_step(fault)) + 1 :]
    assert {states[step] for step in after} <= {State.NOT_REACHED}


def test_of_two_faults_the_first_is_called() -> None:
    order = list(STEPS)
    for one, other in combinations(FAULTS, 2):
        if FAULTS[one].keys() & FAULTS[other].keys():
            continue  # the same thing cannot be wrong in two ways
        first = min(one, other, key=lambda key: order.index(_step(key)))
        assert _diagnosed(**{**FAULTS[one], **FAULTS[other]})[0] == first, (one, other)


def test_the_steps_of_causes_are_those_that_are_asked() -> None:
    assert ("connection", *STEPS) == STEPS_OF_CAUSES
    assert {cause.step for cause in CAUSES.values()} <= set(STEPS_OF_CAUSES)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (None, "refused-token"),
        ("… (Status Code: 403, Error Code:NotAuthorized)", "no-permission"),
        ("… something that nobody knows", "refused-token"),
    ],
)
def test_a_token_that_is_refused_is_explained_by_the_servers_log(
    line: str | None, key: str
) -> None:
    found = _diagnosis(resource_id=None, entered=PAM, log=line)
    assert found.answers["permission"].state is State.UNKNOWN
    assert found.culprit
    step, cause, seen = found.culprit
    assert (step, cause.key) == ("login", key)
    assert (line or "may not read the instance's log iam-db-auth-error") in seen


def test_where_nobody_may_be_asked_a_login_that_works_is_healthy() -> None:
    refused = Caller(refusal=("EndpointConnectionError", "no way to sts"))
    key, states = _diagnosed(caller=refused, resource_id=None)
    assert key is None
    assert {step for step, state in states.items() if state is State.UNKNOWN} == {
        "identity",
        "clock",
        "permission",
    }


def test_its_summary_is_one_paragraph_with_what_was_seen_what_it_means_and_what_helps() -> None:
    diagnosis = _diagnosis(**FAULTS["closed-port"])
    summary = diagnosis.summary
    assert "\n" not in summary
    assert SUBJECT.endpoint in summary
    assert CAUSES["closed-port"].means in summary
    assert CAUSES["closed-port"].remedy in summary
    assert summary.endswith("Where: the instance dev-warehouse.")


def test_machines_are_told_the_same() -> None:
    told = _diagnosis(**FAULTS["other-region"]).as_json()
    json.dumps(told)
    assert (told["healthy"], told["cause"]) == (False, "other-region")
    assert told["steps"]["name"] == {
        "state": "not reached",
        "seen": "the step before explains it",
    }


@pytest.mark.parametrize(
    ("status", "key"),
    [
        ("storage-full", "full-storage"),
        ("rebooting", "starting"),
        ("incompatible-network", "broken-instance"),
        ("modifying", "silent-port"),
    ],
)
def test_what_rds_says_of_an_instance_that_does_not_answer_is_believed(
    status: str, key: str
) -> None:
    assert _diagnosed(reached=TimeoutError(), status=status)[0] == key


def test_a_simulation_that_knows_less_than_a_login_is_not_believed() -> None:
    """Of a condition on a tag, say, a simulation does not know the value."""
    assert _diagnosed(decision="implicitDeny")[0] is None


@pytest.mark.parametrize(
    "address", ["10.0.1.7", "100.64.3.4", "fd00::1", "2a05:d014:1::1"], ids=str
)
def test_an_address_of_a_vpc_is_no_public_one(address: str) -> None:
    assert _diagnosed(address=ip_address(address))[0] is None


def test_an_address_that_a_company_owns_is_no_public_one_where_rds_knows_better() -> None:
    owned = {"PubliclyAccessible": False}
    assert _diagnosed(address=ip_address("54.93.1.2"), instance=owned)[0] is None


@pytest.mark.parametrize(
    ("left", "key"),
    [
        ((40, 1, 0), None),
        ((40, 2, 0), None),
        ((40, 2, 1), "few-connections"),
        ((40, 50, 48), "few-connections"),
        ((2, None, 0), "few-connections"),
    ],
)
def test_a_user_that_may_have_few_connections_is_healthy_while_it_has_them(
    left: tuple[int, int | None, int], key: str | None
) -> None:
    assert _diagnosed(left=left)[0] == key


def test_an_endpoint_in_china_is_one() -> None:
    there = _of(
        host="dev-warehouse.abcdefghijkl.rds.cn-north-1.amazonaws.com.cn", region="cn-north-1"
    )
    assert _diagnosed(subject=there)[0] is None


@pytest.mark.parametrize("fault", [{}, FAULTS["closed-port"], FAULTS["few-connections"]])
def test_the_session_is_ended_with_the_diagnosis(fault: dict[str, Any]) -> None:
    told = Told(**fault)
    diagnose(cast("Evidence", told))
    assert told.closed


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (InterfaceError("network error"), "broken-session"),
        (ConnectionResetError(), "broken-session"),
        (DatabaseError({"C": "57P01", "M": "terminating connection"}), "starting"),
        (DatabaseError({"C": "53200", "M": "out of memory"}), "no-resource"),
    ],
)
def test_a_session_that_ends_while_it_is_asked_is_told(error: Exception, key: str) -> None:
    assert _diagnosed(answered=error)[0] == key


def test_an_empty_search_path_is_told() -> None:
    found = _diagnosis(path="")
    assert found.culprit
    assert found.culprit[2].endswith("search_path is empty")
