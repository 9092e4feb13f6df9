"""Endpoints at one port: end TLS, check the token, join the client to the server's socket."""

import asyncio
import logging
import os
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import psycopg

from emulator.rds.server import ADMINISTRATOR
from emulator.rds.session import Known, RefusedError, Session

# Membership through any chain counts; a superuser is a member only if it was made one, unlike
# what pg_has_role says. As text, since a name longer than the server's names is nobody's name.
_KNOWN = """
    WITH RECURSIVE granted (role) AS (
        SELECT oid FROM pg_roles WHERE rolname::text = %(user)s::text AND rolname <> session_user
        UNION
        SELECT roleid FROM pg_auth_members JOIN granted ON member = role
    ), roles AS (SELECT rolname FROM granted JOIN pg_roles ON oid = role)
    SELECT
        EXISTS (SELECT FROM roles WHERE rolname = 'rds_iam'),
        EXISTS (SELECT FROM roles WHERE rolname = 'rds_superuser'),
        (
            SELECT rolpassword FROM pg_authid
            WHERE rolname::text = %(user)s::text AND rolname <> session_user
                AND coalesce(rolvaliduntil > now(), true)
        )
"""
_log = logging.getLogger("emulator.rds")

Checker: TypeAlias = Callable[[str, str], None]
"""User and token; ValueError that tells why the token is refused."""


def refuse(_user: str, _token: str) -> None:
    """The check of an instance without IAM authentication."""
    raise ValueError("IAM authentication is off on this instance")


@dataclass(frozen=True)
class Way:
    """What is behind one of a door's names."""

    server_socket: Path
    certificate: ssl.SSLContext
    check: Checker


class FrontDoor:
    """Listens on a loopback port, a free one if it is 0; its coroutines run in one loop.

    All names of a server lead here, and a client says which it means in the TLS handshake.
    """

    def __init__(
        self,
        *,
        server_socket: Path,
        server_log: Path,
        error_log: Path,
        export: Callable[[str], None],
        port: int = 0,
    ) -> None:
        self.force_ssl = True
        self._ways: dict[str, Way] = {}
        self._server_socket = server_socket
        self._server_log = server_log
        self._error_log = error_log
        self._export = export
        self._administrator: psycopg.AsyncConnection[tuple[bool, bool, str | None]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._listener.setblocking(False)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._listener.getsockname()[1]

    def lead(self, ways: Mapping[str, Way]) -> None:
        """Lead each name to what is behind it from now on, and who says none to the first."""
        self._ways = {**ways}
        self.way().certificate.sni_callback = self._choose

    def _choose(self, session: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        if way := self._ways.get(name or ""):
            session.context = way.certificate

    def way(self, certificate: ssl.SSLContext | None = None) -> Way:
        """What is behind the name that the certificate is of, or behind the first."""
        ways = list(self._ways.values())
        return next((one for one in ways if one.certificate is certificate), ways[0])

    async def open(self) -> None:
        """Accept connections from now on."""
        self._keep(asyncio.create_task(self._accept()))

    async def close(self) -> None:
        """End each session and stop listening."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._listener.close()
        await self.forget_server()

    async def forget_server(self) -> None:
        """Drop our own connection to the server, which is about to stop."""
        if self._administrator:
            await self._administrator.close()
            self._administrator = None

    async def known(self, user: str) -> Known:
        """What the server has of the user."""
        for attempt in ("first", "last"):
            try:
                if self._administrator is None:
                    self._administrator = await psycopg.AsyncConnection[
                        tuple[bool, bool, str | None]
                    ].connect(
                        host=str(self._server_socket.parent),
                        user=ADMINISTRATOR,
                        dbname=ADMINISTRATOR,
                        options="-c log_statement=none -c log_min_duration_statement=-1",
                        autocommit=True,
                    )
                rows = await self._administrator.execute(_KNOWN, {"user": user})
                row = await rows.fetchone()
                return Known(*row) if row else Known()
            except psycopg.OperationalError as error:
                self._administrator = None  # the server was restarted
                if attempt == "last":
                    raise RefusedError("57P03", "the database system is starting up") from error
        raise AssertionError

    def admit(self, way: Way, user: str, database: str, client: str, token: str) -> bool:
        """Whether the token lets the user in; the log that RDS exports tells why not."""
        try:
            way.check(user, token)
        except ValueError as error:
            time = datetime.now(UTC).isoformat(sep=" ", timespec="seconds")
            line = f"{time} {client} {user}@{database}: {error}"
            with self._error_log.open("a") as log:
                log.write(f"{line}\n")
            self._export(line)
            return False
        return True

    def refused(self, user: str, database: str, client: tuple[str, int], said: str) -> None:
        """Have the server's log say, as RDS's does, what the client is told."""
        now, (host, port) = datetime.now(UTC), client
        entry = f"{now:%Y-%m-%d %H:%M:%S} UTC:{host}({port}):{user}@{database}:[{os.getpid()}]:"
        with self._server_log.open("a") as log:
            log.write(f"{entry}FATAL:  {said}".replace("\n", "\n\t") + "\n")

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(self._listener)
            except OSError:
                _log.exception("cannot accept a connection")
                await asyncio.sleep(0.1)
                continue
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._keep(asyncio.create_task(Session(self, connection, address).run()))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
