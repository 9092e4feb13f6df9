"""What every server of the account is made of: programs, folders, names, a loop for the doors."""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from emulator.certificates import CertificateAuthority
from emulator.engine import Emulator
from emulator.loop import running_loop
from emulator.rds import token
from emulator.rds.front_door import FrontDoor, Way, refuse
from emulator.rds.server import Binaries, Server
from emulator.rds.spread import Spread

# What a client that verifies must refuse: a certificate of an authority that none trusts, and one
# of the right authority for another server.
UNTRUSTED, MISNAMED = "untrusted", "misnamed"
IAM_LOG = "iam-db-auth-error"


class Place:
    """Where the account's servers run."""

    def __init__(
        self,
        emulator: Emulator,
        *,
        authority: CertificateAuthority,
        state: Path,
        runtime: Path,
    ) -> None:
        self.emulator = emulator
        self._authority = authority
        self._untrusted = CertificateAuthority("An authority that nobody trusts")
        self._state = state / "rds"
        self._sockets = runtime / "sockets"
        self.binaries = Binaries(data=self._state, runtime=runtime)
        # Before it is asked for, as it takes two seconds to make.
        self._preparation = threading.Thread(target=self.binaries.make_template)
        self._preparation.start()
        self.spread = Spread()
        # A name's port stays, as it does on RDS, whichever server has the name.
        self._ports: dict[str, int] = {}
        self._running = contextlib.ExitStack()
        self._loop = self._running.enter_context(running_loop())

    def wait(self) -> None:
        """Until all is prepared."""
        self._preparation.join()

    def stop(self) -> None:
        """End the loop, once no door is open."""
        self._running.close()

    def in_loop(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something of a door's, and wait for it."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def server(self, directory: str, *, log: str) -> Server:
        """A server with its data in `directory`, which logs where `log` is looked for."""
        return Server(self.binaries, name=directory, sockets=self._sockets, log=self.log(log))

    def log(self, name: str, log: str = "postgresql") -> Path:
        """The file of a log of the instance or cluster `name`."""
        file = self._state / name / f"{log}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def host(self, identifier: str, kind: str = "") -> str:
        """The name of an endpoint, of which `kind` is `cluster-`, `cluster-ro-` or nothing."""
        # The middle of an endpoint's name is the same for all of an account and region.
        place = f"{self.emulator.account} {self.emulator.region}"
        middle = "c" + hashlib.sha256(place.encode()).hexdigest()[:11]
        return f"{identifier}.{kind}{middle}.{self.emulator.region}.rds.amazonaws.com"

    def door(self, name: str, server: Server, *, kind: str, stream: str) -> FrontDoor:
        """A door of the `kind` (`instance` or `cluster`) of that name, which is not open yet.

        Args:
            name: the identifier; it keeps its port.
            server: whose users the door knows.
            kind: what its log groups are below.
            stream: the log stream of refusals.
        """
        door = FrontDoor(
            server_socket=server.socket,
            server_log=server.log,
            error_log=self.log(name, IAM_LOG),
            export=partial(self.emulator.export_log, f"/aws/rds/{kind}/{name}/{IAM_LOG}", stream),
            port=self._ports.get(name, 0),
        )
        self._ports[name] = door.port
        return door

    def way(
        self, server: Server, endpoint: token.Endpoint, *, iam: bool, certificate: str = ""
    ) -> Way:
        """What is behind an endpoint: with IAM authentication or not, and whose certificate."""
        authority = self._untrusted if certificate == UNTRUSTED else self._authority
        host = f"another-{endpoint.host}" if certificate == MISNAMED else endpoint.host
        check = partial(token.check, self.emulator, self.spread, endpoint) if iam else refuse
        return Way(server.socket, authority.server_context(host), check)

    def settings(self, store: str, group: str) -> dict[str, str]:
        """The parameters of a parameter group, which is kept in the store of that name."""
        with self.emulator.scope():
            found = self.emulator.store("rds", store).get(group)
        parameters: dict[str, dict[str, str]] = found["Parameters"] if found else {}
        return {name: value["ParameterValue"] for name, value in parameters.items()}
