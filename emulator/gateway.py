"""The endpoint in front of the emulator: what its requests lack, and how the demo acts as AWS."""

import asyncio
import importlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qs

from emulator.engine import Emulator, Receive, Scope, Send
from emulator.ministack.identities import Credentials

_CONTROL = "/_local/"
_SESSION = "role-session"
_ADMINISTRATOR = "administrator"
"""Of this account or, by the control of that name, of another one."""
_FORM = b"application/x-www-form-urlencoded"
_STACK_SECONDS = 4

Control: TypeAlias = Callable[[dict[str, Any]], dict[str, str]]
"""Gets a request's body and gives the answer's."""


class Gateway:
    """An ASGI application around the emulator's."""

    def __init__(self, emulator: Emulator, controls: Mapping[str, Control], token: str) -> None:
        self._emulator = emulator
        self._controls = controls
        self.token = token
        self._administrators: dict[str, Credentials] = {}
        self.started = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._emulator.app(scope, receive, self._noting_start(send))
        elif scope["type"] == "http" and scope["path"].startswith(_CONTROL):
            await self._act(scope, receive, send)
        else:
            # Policies that want TLS mean the network between a client and AWS, and loopback has
            # none.
            scope["headers"] = [*scope["headers"], (b"x-forwarded-proto", b"https")]
            if dict(scope["headers"]).get(b"content-type", b"").startswith(_FORM):
                receive = await self._after_stack(receive)
            await self._emulator.app(scope, receive, send)

    async def _after_stack(self, receive: Receive) -> Receive:
        """Let a question after a stack in progress wait for its end for a while.

        The CDK CLI asks every five seconds, and most stacks take less than one.
        """
        body = await _body(receive)
        form = parse_qs(body.decode(errors="replace"))
        if form.get("Action") == ["DescribeStacks"] and "StackName" in form:
            end = time.monotonic() + _STACK_SECONDS
            while (
                self._emulator.stacks.in_progress(form["StackName"][0]) and time.monotonic() < end
            ):
                await asyncio.sleep(0.02)
        sent = False

        async def again() -> Any:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        return again

    def _noting_start(self, send: Send) -> Send:
        async def note(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self.started.set()

        return note

    async def _act(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What nobody can ask of AWS. The body is JSON.

        For a session of a role as an AWS service that the role trusts would get it: role, service,
        source_arn, and seconds, 3600 by default; for another account's administrator: account;
        else what the control takes.
        """
        body = await _body(receive)
        status, answer = 403, {"error": "give the control token of ready.json as a bearer token"}
        if (b"authorization", f"Bearer {self.token}".encode()) in scope["headers"]:
            given, name = json.loads(body), scope["path"].removeprefix(_CONTROL)
            if name == _SESSION:
                status, answer = self._session(given)
            elif name == _ADMINISTRATOR:
                status, answer = 200, await asyncio.to_thread(self._administrator, given["account"])
            else:
                status, answer = 200, self._controls[name](given)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _session(self, given: dict[str, Any]) -> tuple[int, dict[str, str]]:
        role, service, source = given["role"], given["service"], given["source_arn"]
        try:
            if not self._emulator.identities.role_trusts(role, service, source):
                return 403, {"error": f"{role} does not let {service} assume it for {source}"}
            session = self._emulator.identities.role_session(
                role, given.get("session", "local"), float(given.get("seconds", 3600))
            )
        except ValueError as error:
            return 400, {"error": str(error)}
        return 200, dict(vars(session))

    def _administrator(self, account: str) -> dict[str, str]:
        if account not in self._administrators:
            self._administrators[account] = self.make_administrator(account)
        return dict(vars(self._administrators[account]))

    def make_administrator(self, account: str = "") -> Credentials:
        """An identity that may do anything, by a policy: root's keys have none to check.

        Args:
            account: 12 digits, of another account, which the emulator's root has by that key.
        """
        botocore: Any = importlib.import_module("botocore.session")  # it has no types
        iam: Any = botocore.get_session().create_client(
            "iam",
            region_name=self._emulator.region,
            endpoint_url=self._emulator.endpoint,
            aws_access_key_id=account or self._emulator.root.access_key_id,
            aws_secret_access_key=self._emulator.root.secret_access_key,
        )
        policy = "arn:aws:iam::aws:policy/AdministratorAccess"
        iam.create_user(UserName=_ADMINISTRATOR)
        iam.attach_user_policy(UserName=_ADMINISTRATOR, PolicyArn=policy)
        key = iam.create_access_key(UserName=_ADMINISTRATOR)["AccessKey"]
        return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body
