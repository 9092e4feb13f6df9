"""The local AWS account: started, reached, and its roles assumed."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from proof.programs import ROOT, ProgramError, started, tail

PYTHON = ROOT / ".local/venvs/aws/bin/python"
START_SECONDS = 60
# A session of boto3 may not make clients in several threads at once.
_ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What an API call or a token is signed with."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def session(self, region: str) -> Any:
        """A boto3 session that signs with these credentials."""
        return boto3.Session(
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            region_name=region,
        )


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that was made, with what the policies said of it."""

    principal: str
    action: str
    resource: str
    allowed: bool

    @property
    def role(self) -> str:
        """The name of the role whose session made the call, if one did."""
        return self.principal.split("/")[1] if ":assumed-role/" in self.principal else ""

    @property
    def session(self) -> str:
        """The name of that session."""
        return self.principal.rpartition("/")[2] if self.role else ""


@dataclass(frozen=True, kw_only=True)
class Account:
    """A running local AWS."""

    id: str
    region: str
    url: str
    administrator: Credentials
    authorities: Path
    """The certificate of the authority that stands in the place of Amazon's for RDS."""
    calls_file: Path
    control_token: str

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client of ``service``; as the account's administrator unless told."""
        # Some services' names go before the host's, which an address on loopback cannot take.
        config = Config(inject_host_prefix=False, retries={"total_max_attempts": 1})
        session = _session(credentials or self.administrator, self.region)
        with _ONE_AT_A_TIME:
            return session.client(service, endpoint_url=self.url, config=config)

    @property
    def settings(self) -> dict[str, str]:
        """What a program's environment needs to find this account, whoever it signs in as."""
        return {
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ENDPOINT_URL": self.url,
            # Neither this machine's own configuration nor its instance role is meant.
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            # As above: `api.` before an address is no host.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }

    def variables(self, credentials: Credentials) -> dict[str, str]:
        """What a program's environment needs to call this account with ``credentials``."""
        variables = {
            **self.settings,
            "AWS_ACCESS_KEY_ID": credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        }
        if credentials.session_token:
            variables["AWS_SESSION_TOKEN"] = credentials.session_token
        return variables

    def assume(
        self,
        role_arn: str,
        *,
        session: str,
        credentials: Credentials | None = None,
        external_id: str | None = None,
    ) -> Credentials:
        """A session of a role that trusts ``credentials``, the administrator's unless given."""
        said = {} if external_id is None else {"ExternalId": external_id}
        answer = self.client("sts", credentials).assume_role(
            RoleArn=role_arn, RoleSessionName=session, **said
        )
        return _of_session(answer)

    def assume_by_token(self, role_arn: str, token: str, *, session: str) -> Credentials:
        """A session of a role that trusts who an identity provider's ``token`` is of."""
        answer = self.client("sts").assume_role_with_web_identity(
            RoleArn=role_arn, RoleSessionName=session, WebIdentityToken=token
        )
        return _of_session(answer)

    def assume_as_service(
        self, role_arn: str, *, service: str, source_arn: str, session: str, seconds: int = 3600
    ) -> Credentials:
        """A session of a role, as AWS itself gives one to what runs for a customer.

        Args:
            role_arn: the role, which must trust ``service`` on behalf of ``source_arn``.
            service: principal such as ``airflow.amazonaws.com``.
            source_arn: the resource that the service acts for.
            session: the session's name.
            seconds: how long it is valid.

        Raises:
            PermissionError: the role's trust policy says no.
        """
        wanted = {
            "role": role_arn,
            "service": service,
            "source_arn": source_arn,
            "session": session,
            "seconds": seconds,
        }
        try:
            return Credentials(**self._control("role-session", wanted))
        except urllib.error.HTTPError as error:
            raise PermissionError(json.load(error)["error"]) from error

    def other(self, account: str) -> "Account":
        """Another account, of 12 digits, that is reached as this one is."""
        made = self._control("administrator", {"account": account})
        keys = {name: made[name] for name in ("access_key_id", "secret_access_key")}
        return replace(self, id=account, administrator=Credentials(**keys))

    def later(self, hours: float) -> None:
        """Let hours pass for CloudWatch's alarms, in which nothing is measured."""
        self._control("later", {"seconds": hours * 3600})

    def policies_take(self, seconds: float) -> None:
        """Give a new policy so long to be known where RDS checks tokens; at first it takes none."""
        self._control("spread", {"seconds": seconds})

    def gets_through(self, here: str, there: str, port: int) -> bool:
        """Whether the network lets a connection through, from one interface of EC2's to another."""
        return self._control("way", {"here": here, "there": there, "port": port})["open"] == "True"

    def policies_per_role(self, count: int) -> None:
        """Have the quota of managed policies per role raised, as AWS does for who asks."""
        self._control("quota", {"policies_per_role": count})

    def web_identity_token(self, **claims: str | float) -> str:
        """A token as an identity provider, named by ``iss``, signs it with these claims."""
        return self._control("web-identity", claims)["token"]

    def _control(self, what: str, wanted: Mapping[str, object]) -> dict[str, str]:
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/_local/{what}",
            data=json.dumps(wanted).encode(),
            headers={"Authorization": f"Bearer {self.control_token}"},
        )
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    def calls(self) -> list[Call]:
        """Every call so far."""
        records = map(json.loads, self.calls_file.read_text().splitlines())
        return [
            Call(
                principal=record["principal"],
                action=record["action"],
                resource=record["resource"],
                allowed=record["allowed"],
            )
            for record in records
        ]

    def make_role(self, role_arn: str) -> None:
        """Make a role that people of this account may assume, and that may do nothing."""
        trust = _policy("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{self.id}:root"})
        [*path, name] = role_arn.partition(":role")[2].split("/")
        self.client("iam").create_role(
            RoleName=name, Path="/".join(path) + "/", AssumeRolePolicyDocument=trust
        )


# Making a session, and reading a service's description with it, takes longer than most calls.
@lru_cache(maxsize=64)
def _session(credentials: Credentials, region: str) -> Any:
    return credentials.session(region)


def allowing(action: str) -> str:
    """A policy that allows an action on everything."""
    return _policy(action, Resource="*")


def _policy(action: str, **more: object) -> str:
    statement = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def _of_session(answer: Mapping[str, Any]) -> Credentials:
    keys = answer["Credentials"]
    return Credentials(
        access_key_id=keys["AccessKeyId"],
        secret_access_key=keys["SecretAccessKey"],
        session_token=keys["SessionToken"],
    )


@contextmanager
def started_account(state: Path, *, account: str, region: str, log: Path) -> Generator[Account]:
    """A new local AWS until left; its state is in ``state``.

    Raises:
        ProgramError: it did not start.
    """
    ready = state / "ready.json"
    ready.unlink(missing_ok=True)
    command = [PYTHON, "-m", "emulator", "--state", state, "--account", account]
    with started([*command, "--region", region], log=log, variables={}) as process:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ProgramError(f"the local AWS did not start; the end of {log}:\n{tail(log)}")
            time.sleep(0.05)
        yield running_account(state)


def running_account(state: Path) -> Account:
    """The local AWS that runs with its state in ``state``. FileNotFoundError if none does."""
    found = json.loads((state / "ready.json").read_text())
    return Account(
        id=found["account"],
        region=found["region"],
        url=found["endpoint_url"],
        administrator=Credentials(
            access_key_id=found["access_key_id"], secret_access_key=found["secret_access_key"]
        ),
        authorities=Path(found["rds_ca"]),
        calls_file=Path(found["calls"]),
        control_token=found["control_token"],
    )
