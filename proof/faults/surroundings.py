"""A process in which the clock is wrong or names lead elsewhere; Airflow's own imports it, too."""

import os
import socket
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any
from unittest.mock import patch

from doctor import evidence


@contextmanager
def otherwise(
    *,
    variables: Mapping[str, str],
    minutes: float,
    resolves: str | None,
    leads_to: str | None,
    stands_at: str | None,
) -> Generator[None]:
    """Change this process, until left.

    Args:
        variables: what changes in the environment; an empty one is taken away.
        minutes: that the clock is ahead.
        resolves: what names of RDS lead to, nothing if empty; the resolver's answer if None.
        leads_to: the address on this machine that stands for the one of ``resolves``, if one does.
        stands_at: the address that it asks from; this machine's own if None.
    """
    with ExitStack() as changed:
        changed.enter_context(patch.dict(os.environ, variables))
        for name in [name for name, value in variables.items() if not value]:
            del os.environ[name]
        if minutes:
            clock = _clock(minutes)
            there = clock.now(UTC).replace(tzinfo=None)
            changed.enter_context(patch("botocore.auth.get_current_datetime", return_value=there))
            changed.enter_context(patch.object(evidence, "datetime", clock))
        if resolves is not None:
            changed.enter_context(patch.object(socket, "getaddrinfo", _resolving(resolves)))
        if resolves and leads_to:
            connecting = _connecting(resolves, leads_to)
            changed.enter_context(patch.object(socket, "create_connection", connecting))
        if stands_at:
            here = IPv4Address(stands_at)
            changed.enter_context(patch.object(evidence, "source", return_value=here))
        yield


def _clock(minutes: float) -> type[datetime]:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # pyright: ignore[reportIncompatibleMethodOverride]
            return datetime.now(tz) + timedelta(minutes=minutes)

    return Clock


def _resolving(address: str) -> Any:
    own = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **options: Any) -> Any:
        if ".rds.amazonaws.com" not in str(host):
            return own(host, port, *rest, **options)
        if not address:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    return resolve


def _connecting(there: str, here: str) -> Any:
    own = socket.create_connection

    def connect(address: tuple[str, int], *rest: Any, **options: Any) -> socket.socket:
        host, port = address
        return own((here if host == there else host, port), *rest, **options)

    return connect
