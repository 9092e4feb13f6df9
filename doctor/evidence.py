"""What can be seen of a login from here, each thing asked once and only when it is wanted."""

import json
import os
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from doctor.inside import Inside, parse
from doctor.subject import Subject
from rds_login.login import Driver, log_in
from rds_login.tls import encrypted, trusting
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
        seconds_ahead: of this machine's clock before AWS's; None if AWS cannot be reached.
    """

    arn: str | None = None
    refusal: tuple[str, str] | None = None
    seconds_ahead: float | None = None


class Evidence:
    """What can be seen of ``subject``'s login with the credentials of ``session``, boto3's."""

    def __init__(self, subject: Subject, session: Any) -> None:
        self.subject = subject
        self._session = session

    @cached_property
    def caller(self) -> Caller:
        """Who asks: one call of STS."""
        if self._session.get_credentials() is None:
            return Caller(refusal=("NoCredentials", "there are none"))
        region = self.subject.region or self._session.region_name
        sts = self._session.client("sts", region_name=region, config=_IMPATIENT)
        try:
            answer = sts.get_caller_identity()
        except ClientError as error:
            answer: Any = error.response
            refusal = (answer["Error"]["Code"], answer["Error"]["Message"])
            return Caller(refusal=refusal, seconds_ahead=_seconds_ahead(answer))
        except BotoCoreError as error:
            return Caller(refusal=(type(error).__name__, str(error)))
        return Caller(arn=answer["Arn"], seconds_ahead=_seconds_ahead(answer))

    @cached_property
    def addresses(self) -> list[IPv4Address | IPv6Address]:
        """Where the host's name leads. `socket.gaierror` if nowhere."""
        # As libpq does: the address that this variable holds is taken, and no name looked up.
        if given := self.subject.via[0] if self.subject.via else os.environ.get("PGHOSTADDR"):
            return [ip_address(given)]
        found = socket.getaddrinfo(self.subject.host, self.subject.port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(ip_address(str(one[4][0])) for one in found))

    def reach(self) -> None:
        """Open the port, and close it. `OSError` if it does not open."""
        socket.create_connection(self._address, SECONDS).close()

    def shake_hands(self) -> None:
        """Verify the server's certificate, and say nothing.

        Raises:
            FileNotFoundError: the file of authorities is not there.
            OSError: as `encrypted` has them.
        """
        self._encrypted().close()

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

    @cached_property
    def resource_id(self) -> str | None:
        """The server's `DbiResourceId`; None if nothing tells it."""
        return self.subject.resource_id or (self.instance or {}).get("DbiResourceId")

    @cached_property
    def instance(self) -> dict[str, Any] | None:
        """The server as RDS describes it; None if this caller may not ask, or it has none."""
        if not self.subject.instance:
            return None  # RDS would describe whatever there is
        try:
            rds = self._session.client("rds", region_name=self.subject.region, config=_IMPATIENT)
            found = rds.describe_db_instances(DBInstanceIdentifier=self.subject.instance)
        except (ClientError, BotoCoreError):
            return None
        return found["DBInstances"][0]

    @property
    def status(self) -> str | None:
        """What RDS says that the instance is, if it is anything but available."""
        status = (self.instance or {}).get("DBInstanceStatus", "available")
        return None if status == "available" else f"RDS says that it is {status}"

    @property
    def iam_is_off(self) -> bool:
        """Whether RDS says that IAM authentication is off."""
        return (self.instance or {}).get("IAMDatabaseAuthenticationEnabled") is False

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
        token = sign(credentials, subject.host, subject.port, subject.user, str(subject.region))
        secure = self._encrypted()
        return log_in(secure, user=subject.user, database=subject.database, token=token)

    def logged(self) -> str | None:
        """The last line of the instance's log of refused tokens that names the user.

        None if this caller may not read it, or there is none.
        """
        try:
            logs = self._session.client("logs", region_name=self.subject.region, config=_IMPATIENT)
            events = logs.filter_log_events(
                logGroupName=f"/aws/rds/instance/{self.subject.instance}/iam-db-auth-error",
                filterPattern=f'"{self.subject.user}"',
                startTime=int((datetime.now(UTC).timestamp() - 900) * 1000),
            )["events"]
        except (ClientError, BotoCoreError):
            return None
        return str(events[-1]["message"]).strip() if events else None

    @property
    def _address(self) -> tuple[str, int]:
        return str(self.addresses[0]), self.subject.via[
            1
        ] if self.subject.via else self.subject.port

    def _encrypted(self) -> ssl.SSLSocket:
        context = trusting(self.subject.authorities)
        address, port = self._address
        return encrypted(self.subject.host, port, context, SECONDS, address=address)


def _seconds_ahead(answer: dict[str, Any]) -> float | None:
    sent = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    if not sent:
        return None
    return (datetime.now(UTC) - parsedate_to_datetime(sent)).total_seconds()
