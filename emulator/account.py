"""The life of a local account: a clean state, each service started, each stopped."""

import asyncio
import fcntl
import json
import logging
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import hypercorn.asyncio
import hypercorn.config

from emulator import MARK, exports, schemas, simulation, way_through
from emulator.audit import Calls
from emulator.certificates import CertificateAuthority
from emulator.cloudwatch.service import CloudWatch
from emulator.engine import Emulator
from emulator.functions import Functions
from emulator.gateway import Control, Gateway
from emulator.processes import RuntimeDirectory
from emulator.rds.service import Rds
from emulator.resources import (
    bucket,
    function,
    iam,
    imported,
    key,
    log_group,
    metric_filter,
    mwaa,
    network,
    network_acl,
    oidc_provider,
    peering,
    policy,
    query_definition,
    schedule,
    secret,
)
from emulator.web_identity import WebIdentities

_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Settings:
    """What one local account is started with."""

    state: Path
    account: str
    region: str
    outlive_parent: bool


async def run(settings: Settings) -> None:
    """Run until a signal or the parent's end. RuntimeError if the state is not ours to use."""
    parent = os.getppid()
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    with ExitStack() as stack:
        stack.enter_context(_clean(settings.state))
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        logging.basicConfig(filename=settings.state / "aws.log", level=logging.INFO)
        runtime = RuntimeDirectory()
        stack.callback(runtime.remove)
        emulator = Emulator(
            port=listener.getsockname()[1], account=settings.account, region=settings.region
        )
        emulator.identities.on_decision(Calls(settings.state / "calls.jsonl").record)
        emulator.identities.simulate_with(simulation.results)
        identities, cloudwatch = WebIdentities(emulator), CloudWatch(emulator)
        controls: dict[str, Control] = {"web-identity": identities.signed}
        controls["later"] = cloudwatch.let_time_pass
        controls["way"] = partial(_way, emulator)
        controls["quota"] = emulator.identities.raise_quota
        gateway = Gateway(emulator, controls, secrets.token_urlsafe(30))
        ready = settings.state / "ready.json"
        authority = CertificateAuthority("Local AWS in the place of Amazon RDS")
        ca = settings.state / "rds-ca.pem"
        ca.write_text(authority.pem)
        functions, rds = _start_services(
            emulator, authority, ca, settings.state, runtime.path, stack
        )
        functions.on_log(cloudwatch.take_from_log)
        controls["spread"] = rds.spread.take
        server = asyncio.create_task(_serve(gateway, listener, end))
        try:
            await asyncio.wait(
                [server, asyncio.create_task(gateway.started.wait())],
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not server.done():
                administrator = await asyncio.to_thread(gateway.make_administrator)
                _write(
                    ready,
                    {
                        "access_key_id": administrator.access_key_id,
                        "account": settings.account,
                        "calls": str(settings.state / "calls.jsonl"),
                        "control_token": gateway.token,
                        "endpoint_url": emulator.endpoint,
                        "pid": str(os.getpid()),
                        "rds_ca": str(ca),
                        "region": settings.region,
                        "secret_access_key": administrator.secret_access_key,
                    },
                )
            while not end.is_set() and not server.done():
                if not settings.outlive_parent and os.getppid() != parent:
                    break
                await asyncio.sleep(0.2)
        finally:
            end.set()
            ready.unlink(missing_ok=True)
            await server


def _start_services(
    emulator: Emulator,
    authority: CertificateAuthority,
    ca: Path,
    state: Path,
    runtime: Path,
    stack: ExitStack,
) -> tuple[Functions, Rds]:
    directory = state / "functions"
    directory.mkdir()
    functions = Functions(
        emulator,
        directory=directory,
        rds_ca=ca,
        python=_ROOT / ".local/venvs/runtime/bin/python",
        node_modules=_ROOT / "node_modules",
    )
    stack.callback(functions.stop)
    emulator.functions.run_with(functions.run)
    rds = Rds(emulator, authority=authority, state=state, runtime=runtime)
    stack.callback(rds.stop)
    for module in (
        exports,
        network,
        network_acl,
        peering,
        bucket,
        function,
        iam,
        log_group,
        metric_filter,
        mwaa,
        oidc_provider,
        schedule,
        query_definition,
        secret,
        imported,
        key,
        policy,
    ):
        module.register(emulator)
    [folder] = _ROOT.glob(".venv/lib/python3.*/site-packages/cfnlint/data/schemas")
    schemas.register(emulator, folder)
    return functions, rds


def _way(emulator: Emulator, given: Mapping[str, Any]) -> dict[str, str]:
    with emulator.scope():
        return {"open": str(way_through.gets_through(emulator, **given))}


async def _serve(gateway: Gateway, listener: socket.socket, end: asyncio.Event) -> None:
    config = hypercorn.config.Config()
    config.bind = [f"fd://{os.dup(listener.fileno())}"]
    config.graceful_timeout = 0.1  # clients keep connections open
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    server: Any = hypercorn.asyncio  # its types are stricter than ASGI's
    await server.serve(gateway, config, shutdown_trigger=end.wait)


@contextmanager
def _clean(state: Path) -> Generator[None]:
    """The state's directory, emptied of what an earlier run left and held for this one."""
    state.mkdir(parents=True, exist_ok=True)
    mark = state / MARK
    if not mark.exists() and any(state.iterdir()):
        raise RuntimeError(f"{state} holds files that are not a local AWS's: give another --state")
    with mark.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"a local AWS runs on {state} already") from None
        for path in state.iterdir():
            if path.name == MARK:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        yield


def _write(path: Path, content: dict[str, str]) -> None:
    """Write at once, readable by us alone."""
    partial = path.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(content, indent=2) + "\n")
    partial.rename(path)


if sys.platform == "win32":
    raise RuntimeError("the local AWS needs a Unix")
