"""The local AWS as its parts see it: ministack, with what it has of each service."""

import importlib.metadata
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, TypeAlias
from xml.etree import ElementTree

from emulator.ministack import network
from emulator.ministack.functions import Functions
from emulator.ministack.identities import Credentials, Decisions, Identities
from emulator.ministack.metrics import Metrics
from emulator.ministack.private import VERSION, Ministack
from emulator.ministack.stacks import Stacks
from emulator.processes import environment_without

_JSON_ERROR = ("core.responses", "error_response_json")

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Emulator:
    """One account in one region. ministack reads its environment at import, so there is one."""

    def __init__(self, *, port: int, account: str, region: str) -> None:
        """RuntimeError if the installed ministack is not the one this was written for."""
        found = importlib.metadata.version("ministack")
        if found != VERSION:
            raise RuntimeError(f"ministack {found} is installed; this needs {VERSION} exactly")
        self.account = account
        self.region = region
        self.endpoint = f"http://127.0.0.1:{port}"
        self.root = Credentials(f"AKIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30))
        inherited = environment_without(("AWS_", "GATEWAY_", "LAMBDA_", "MINISTACK_"), os.environ)
        os.environ.clear()
        os.environ.update(inherited)
        os.environ.update(
            AUTH="true",
            AWS_ACCESS_KEY_ID=self.root.access_key_id,
            AWS_SECRET_ACCESS_KEY=self.root.secret_access_key,
            DOCKER_HOST="unix:///nonexistent",  # it starts containers where it finds a Docker
            GATEWAY_PORT=str(port),
            IOT_MTLS_ENABLED="0",  # it would listen on every interface
            LAMBDA_EXECUTOR="local",
            MINISTACK_ACCOUNT_ID=account,
            MINISTACK_HOST="127.0.0.1",
            MINISTACK_REGION=region,
            SFTP_ENABLED="0",
        )
        decisions = Decisions()
        self._ministack = Ministack(account=account, region=region)
        self.identities = Identities(self._ministack, decisions)
        self.functions = Functions(self._ministack)
        self.metrics = Metrics(self._ministack)
        self.stacks = Stacks(self._ministack)
        network.correct(self._ministack)

    @property
    def app(self) -> Asgi:
        """The emulator, which answers every service's API."""
        return self._ministack.get("app", "app")

    def scope(self) -> AbstractContextManager[None]:
        """Every store is one per account and region: enter this outside a request."""
        return self._ministack.scope()

    def store(self, service: str, name: str) -> MutableMapping[Any, Any]:
        """A service's records by identifier, of this account and region."""
        return self._ministack.store(service, name)

    def call(self, service: str, action: str, **parameters: str) -> ElementTree.Element:
        """Call an action of EC2 or RDS as the service itself. ValueError with AWS's message."""
        handler = self._ministack.get(f"services.{service}", "_ACTION_MAP")[action]
        status, _, body = handler({name: [value] for name, value in parameters.items()})
        answer = ElementTree.fromstring(body)  # noqa: S314 the emulator's own
        for element in answer.iter():
            element.tag = element.tag.rpartition("}")[2]
        if status >= 400:
            code, message = answer.findtext(".//Code"), answer.findtext(".//Message")
            raise ValueError(f"{message} (Service: {service}, Error Code: {code})")
        return answer

    def around(
        self,
        action: str,
        *,
        service: str = "rds",
        before: Callable[[Mapping[str, str]], None] = lambda _: None,
        after: Callable[[Mapping[str, str]], None] = lambda _: None,
        code: str = "InvalidParameterValue",
    ) -> None:
        """Do something around an action of RDS or EC2; both get the request's parameters.

        The message of a ValueError that `before` raises is what the service answers, as an error of
        that `code`; `after` is called where the action succeeded.
        """
        actions = self._ministack.get(f"services.{service}", "_ACTION_MAP")
        act = actions[action]
        error = self._ministack.get(f"services.{service}", "_error")

        def handle(parameters: Mapping[str, str | list[str]]) -> Any:
            given = {
                name: value[0] if isinstance(value, list) else value
                for name, value in parameters.items()
            }
            try:
                before(given)
            except ValueError as refusal:
                return error(code, str(refusal), 400)
            response = act(parameters)
            if response[0] < 400:
                after(given)
            return response

        actions[action] = handle

    def refuse_call(
        self, service: str, handler: str, check: Callable[..., None], code: str
    ) -> None:
        """Call `check` with what a service's handler is given; a ValueError is its error `code`."""
        names = self._ministack.module(f"services.{service}")
        act = names[handler]
        error = self._ministack.get(
            *(("services.s3", "_error") if service == "s3" else _JSON_ERROR)
        )

        def handle(*given: Any, **options: Any) -> Any:
            try:
                check(*given)
            except ValueError as refusal:
                return error(code, str(refusal), 400)
            return act(*given, **options)

        names[handler] = handle

    def export_log(self, group: str, stream: str, line: str) -> None:
        """Have CloudWatch Logs keep a line, where there is a log group of that name."""
        with self._ministack.scope():
            if group not in self._ministack.store("cloudwatch_logs", "_log_groups"):
                return
            where: dict[str, Any] = {"logGroupName": group, "logStreamName": stream}
            self._ministack.get("services.cloudwatch_logs", "_create_log_stream")(where)
            event = {"timestamp": int(time.time() * 1000), "message": line}
            self._ministack.get("services.cloudwatch_logs", "_put_log_events")(
                {**where, "logEvents": [event]}
            )
