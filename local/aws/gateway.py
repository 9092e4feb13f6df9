"""The endpoint in front of the emulator: what its requests lack, and how the demo acts as AWS."""

import asyncio
import importlib
import json
import time
from typing import Any
from urllib.parse import parse_qs

from local.aws.emulator import Credentials, Emulator, Receive, Scope, Send
from local.aws.web_identity import WebIdentities

_SESSION = "/_local/role-session"
_WEB_IDENTITY = "/_local/web-identity"
_ADMINISTRATOR = "administrator"
_FORM = b"application/x-www-form-urlencoded"
_STACK_SECONDS = 4


class Gateway:
    """An ASGI application around the emulator's."""

    def __init__(self, emulator: Emulator, identities: WebIdentities, token: str) -> None:
        self._emulator = emulator
        self._identities = identities
        self.token = token
        self.started = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._emulator.app(scope, receive, self._noting_start(send))
        elif scope["type"] == "http" and scope["path"] in (_SESSION, _WEB_IDENTITY):
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
            while self._emulator.in_progress(form["StackName"][0]) and time.monotonic() < end:
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
        """A session of a role as an AWS service that the role trusts would get it; or a token.

        The body is JSON: role, service, source_arn, and seconds, 3600 by default; or the claims of
        the token that an identity provider would sign.
        """
        body = await _body(receive)
        status, answer = 403, {"error": "give the control token of ready.json as a bearer token"}
        if (b"authorization", f"Bearer {self.token}".encode()) in scope["headers"]:
            given = json.loads(body)
            if scope["path"] == _SESSION:
                status, answer = self._session(given)
            else:
                status, answer = 200, {"token": self._identities.token(given)}
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _session(self, given: dict[str, Any]) -> tuple[int, dict[str, str]]:
        role, service, source = given["role"], given["service"], given["source_arn"]
        try:
            if not self._emulator.role_trusts(role, service, source):
                return 403, {"error": f"{role} does not let {service} assume it for {source}"}
            session = self._emulator.role_session(
                role, given.get("session", "local"), float(given.get("seconds", 3600))
            )
        except ValueError as error:
            return 400, {"error": str(error)}
        return 200, dict(vars(session))

    def make_administrator(self) -> Credentials:
        """An identity that may do anything, by a policy: root's keys have none to check."""
        botocore: Any = importlib.import_module("botocore.session")  # it has no types
        iam: Any = botocore.get_session().create_client(
            "iam",
            region_name=self._emulator.region,
            endpoint_url=self._emulator.endpoint,
            aws_access_key_id=self._emulator.root.access_key_id,
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
