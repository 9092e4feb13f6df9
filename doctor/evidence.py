"""What can be seen of a login from here, each thing asked once and only when it is wanted."""

import json
import os
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pg8000.exceptions import InterfaceError  # pyright: ignore[reportMissingTypeStubs]

from doctor.inside import Inside, parse
from doctor.subject import Subject
from doctor.way.ends import Obstacle
from doctor.way.look import look
from rds_login.login import Driver, LoginError, log_in
from rds_login.tls import secured, trusting
from rds_login.token import sign

SECONDS = 5
"""How long each question may take."""
_IMPATIENT = Config(
    connect_timeout=SECONDS, read_timeout=SECONDS, retries={"mode": "standard", "max_attempts": 1}
)

_PATIENT = Config(read_timeout=30)
"""Of a function that may have to start."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks, as AWS sees it.

    Attributes:
        arn: None if AWS does not say.
        refusal: AWS's error code and message, if it does not.
        assuming: whether it is another role that could not be become.
        seconds_ahead: of this machine's clock before AWS's; None if AWS cannot be reached.
    """

    arn: str | None = None
    refusal: tuple[str, str] | None = None
    assuming: bool = False
    seconds_ahead: float | None = None


@dataclass(frozen=True, kw_only=True)
class Logged:
    """A line of a log, or the code with which AWS does not show it; neither if it has none."""

    line: str | None = None
    refusal: str | None = None


class Evidence:
    """What can be seen of ``subject``'s login with the credentials of ``session``, boto3's.

    Port, certificate and login are seen on one connection, as a login has but one.
    """

    def __init__(self, subject: Subject, session: Any) -> None:
        self.subject = subject
        self._session = session
        self._tried: float | None = None
        self._open: socket.socket | None = None
        self._secure: ssl.SSLSocket | None = None

    @cached_property
    def caller(self) -> Caller:
        """Who asks: one call of STS."""
        region = self.subject.region or self._session.region_name
        try:
            if self._session.get_credentials() is None:
                return Caller(refusal=("NoCredentials", "there are none"))
            sts = self._session.client("sts", region_name=region, config=_IMPATIENT)
            answer = sts.get_caller_identity()
        except ClientError as error:
            told: Any = error.response
            return Caller(
                refusal=(told["Error"]["Code"], told["Error"]["Message"]),
                assuming=error.operation_name.startswith("AssumeRole"),
                seconds_ahead=_seconds_ahead(told),
            )
        except BotoCoreError as error:
            return Caller(refusal=(type(error).__name__, str(error)))
        return Caller(arn=answer["Arn"], seconds_ahead=_seconds_ahead(answer))

    @cached_property
    def addresses(self) -> list[IPv4Address | IPv6Address]:
        """Where the host's name leads. `socket.gaierror` if nowhere."""
        # As libpq does: the address that this variable holds is taken, and no name looked up.
        if given := self.subject.via[0] if self.subject.via else os.environ.get("PGHOSTADDR"):
            try:
                return [ip_address(given)]
            except ValueError:
                raise socket.gaierror(socket.EAI_NONAME, f"{given!r} is no address") from None
        found = socket.getaddrinfo(self.subject.host, self.subject.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(ip_address(str(one[4][0])) for one in found))

    def reach(self) -> None:
        """Open the port. `OSError` if it does not open."""
        self._open = self._connected()

    def shake_hands(self) -> None:
        """Verify the server's certificate, and say nothing.

        Raises:
            FileNotFoundError: the file of authorities is not there.
            OSError: as `encrypted` has them.
        """
        self._secure = self._encrypted()

    def simulated(self, role_arn: str, resource_arn: str) -> str | None:
        """IAM's decision on `rds-db:connect` for a role; None if this caller may not ask."""
        try:
            iam = self._session.client("iam", config=_IMPATIENT)
            answer = iam.simulate_principal_policy(
                PolicySourceArn=role_arn,
                ActionNames=["rds-db:connect"],
                ResourceArns=[resource_arn],
            )
        except (ClientError, BotoCoreError):
            return None
        return answer["EvaluationResults"][0]["EvalDecision"]

    @property
    def gets_in(self) -> bool:
        """Whether the server lets the user in."""
        try:
            return bool(self.session)
        except (LoginError, OSError):
            return False

    @cached_property
    def resource_id(self) -> str | None:
        """The id that its users log in by, as RDS has it or else as it is declared."""
        return (self.instance or {}).get("DbiResourceId") or self.subject.resource_id

    @property
    def instance(self) -> dict[str, Any] | None:
        """The server as RDS describes it; None if this caller may not ask, or it has none."""
        return self._described[0]

    @property
    def is_gone(self) -> bool:
        """Whether RDS says that it has no such instance."""
        return self._described[1] in ("DBInstanceNotFound", "DBClusterNotFoundFault")

    @cached_property
    def _described(self) -> tuple[dict[str, Any] | None, str | None]:
        """The instance, or a cluster as if it were one, or the code of RDS's refusal."""
        # Without a name RDS would describe whatever there is; a proxy is no instance.
        if not self.subject.instance or self.subject.is_proxy:
            return None, None
        try:
            rds = self._session.client("rds", region_name=self.subject.region, config=_IMPATIENT)
            if self.subject.is_cluster:
                return _cluster(rds, self.subject.instance), None
            found = rds.describe_db_instances(DBInstanceIdentifier=self.subject.instance)
        except ClientError as error:
            refused: Any = error.response
            return None, refused["Error"]["Code"]
        except BotoCoreError:
            return None, None
        return found["DBInstances"][0], None

    @property
    def status(self) -> str | None:
        """What RDS says that the instance is, if it is anything but available."""
        status = (self.instance or {}).get("DBInstanceStatus", "available")
        return None if status == "available" else status

    @property
    def iam_is_off(self) -> bool:
        """Whether RDS says that IAM authentication is off."""
        return (self.instance or {}).get("IAMDatabaseAuthenticationEnabled") is False

    @cached_property
    def way(self) -> Obstacle | str:
        """What is in the way to the server, or why that cannot be told."""
        if self.subject.via:
            return "the port is forwarded, and from where is not known here"
        there = next((one for one in self.addresses if isinstance(one, IPv4Address)), None)
        if there is None:
            return "the way of an IPv6 address is not looked at"
        vpc = (self.instance or {}).get("DBSubnetGroup", {}).get("VpcId")
        if not vpc:
            return "what is in its way was not seen: this role may not ask RDS for the instance"
        try:
            ec2 = self._session.client("ec2", region_name=self.subject.region, config=_IMPATIENT)
            here = source(there, self.subject.port)
            return look(ec2, here=here, there=there, port=self.subject.port, vpc=vpc)
        except ClientError as error:
            refused: Any = error.response
            code = refused["Error"]["Code"]
            return f"what is in its way was not seen: {error.operation_name} was refused ({code})"
        except (BotoCoreError, OSError) as error:
            return f"what is in its way was not seen: {error}"

    @cached_property
    def inside(self) -> Inside | None:
        """What the server's inside tells; None if this caller may not ask it, or it cannot tell."""
        subject, config = self.subject, _IMPATIENT.merge(_PATIENT)
        if subject.inside is None:
            return None
        try:
            client = self._session.client("lambda", region_name=subject.region, config=config)
            answer = client.invoke(
                FunctionName=subject.inside,
                Payload=json.dumps({"User": subject.user, "Database": subject.database}),
            )
            return parse(json.load(answer["Payload"]))
        except (ClientError, BotoCoreError, KeyError):
            return None

    @cached_property
    def session(self) -> Driver:
        """A session of the user's, with a token of this moment.

        Raises:
            LoginError: the server refuses it.
            OSError: the connection was lost.
        """
        subject = self.subject
        credentials = self._session.get_credentials()
        # Whole seconds, as the log of RDS has them.
        self._tried = self._tried or float(int(time.time()))
        token = sign(credentials, subject.host, subject.port, subject.user, str(subject.region))
        login = partial(log_in, user=subject.user, database=subject.database, token=token)
        if secure := self._secure:
            self._secure = None
            # The server may have waited for AWS's answers longer than it waits for a login.
            with suppress(OSError):
                return login(secure)
        return login(self._encrypted())

    def close(self) -> None:
        """End the session, if there is one: it is one of the user's few connections."""
        for one in (self._open, self._secure):
            if one:
                one.close()
        if session := self.__dict__.pop("session", None):
            with suppress(OSError, InterfaceError):  # it may be lost
                session.close()

    def logged(self) -> Logged:
        """What the instance's log of refused tokens says of the user since a login was tried.

        It takes moments for an entry to come there, for which this waits.
        """
        kind = "cluster" if self.subject.is_cluster else "instance"
        wanted = {
            "logGroupName": f"/aws/rds/{kind}/{self.subject.instance}/iam-db-auth-error",
            "filterPattern": f'"{self.subject.user}"',
            "startTime": int((self._tried or time.time()) * 1000),
        }
        end = time.monotonic() + SECONDS
        try:
            logs = self._session.client("logs", region_name=self.subject.region, config=_IMPATIENT)
            while True:
                # A page may be empty though another is not.
                pages = logs.get_paginator("filter_log_events").paginate(**wanted)
                if events := [event for page in pages for event in page["events"]]:
                    return Logged(line=str(events[-1]["message"]).strip())
                if time.monotonic() > end:
                    return Logged()
                time.sleep(0.2)
        except ClientError as error:
            refused: Any = error.response
            return Logged(refusal=refused["Error"]["Code"])
        except BotoCoreError as error:
            return Logged(refusal=type(error).__name__)

    def _connected(self) -> socket.socket:
        """A connection to the first address that opens one, as libpq and Python make it."""
        port = self.subject.via[1] if self.subject.via else self.subject.port
        errors: list[OSError] = []
        for address in self.addresses:
            try:
                return socket.create_connection((str(address), port), SECONDS)
            except OSError as error:
                errors.append(error)
        # The resolver has those first that this machine has a route to.
        raise errors[0]

    def _encrypted(self) -> ssl.SSLSocket:
        context = trusting(self.subject.authorities)
        plain, self._open = self._open or self._connected(), None
        return secured(plain, self.subject.host, context)


def source(there: IPv4Address, port: int) -> IPv4Address:
    """The address of this machine's that a connection to the other would have; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((str(there), port))
        return IPv4Address(asking.getsockname()[0])


def _seconds_ahead(answer: dict[str, Any]) -> float | None:
    sent = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not sent:
        return None
    return (datetime.now(UTC) - parsedate_to_datetime(sent)).total_seconds()


def _cluster(rds: Any, identifier: str) -> dict[str, Any]:
    """A cluster in the words of an instance: its writer, with what is the cluster's own."""
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
    writers = [
        one["DBInstanceIdentifier"] for one in cluster["DBClusterMembers"] if one["IsClusterWriter"]
    ]
    described: list[dict[str, Any]] = [
        one
        for writer in writers
        for one in rds.describe_db_instances(DBInstanceIdentifier=writer)["DBInstances"]
    ]
    return {
        **(described[0] if described else {}),
        "DBInstanceIdentifier": identifier,
        "DbiResourceId": cluster["DbClusterResourceId"],
        "DBInstanceStatus": cluster["Status"],
        "IAMDatabaseAuthenticationEnabled": cluster["IAMDatabaseAuthenticationEnabled"],
        "VpcSecurityGroups": cluster["VpcSecurityGroups"],
    }
