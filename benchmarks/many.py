"""How long the function takes for many databases, beside what connecting alone takes.

The floor is one connection for each database, through the same TLS front door and by as many
workers, in the same run: each figure is a ratio to it, so that it means the same on any machine.
One that others use, too, stretches what is done one after the other more than the floor: there the
ratio in processor time, of all processes that take part, says more.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil

from benchmarks.figures import Figure, figure
from benchmarks.invocation import invoked
from database_users.deadline import Deadline
from database_users.desired import Database
from database_users.parallel import WORKERS
from database_users.postgres.run import converge, survey
from database_users.postgres.scope import changed_since
from database_users.postgres.session import Session
from database_users.postgres.target import Target
from emulator.postgres.front import write_certificate
from emulator.postgres.server import MASTER, PORT, Postgres, running

ROOT = Path(__file__).parents[1]
REPEATS = 5
SECONDS = 600
# What RDS gives db.t4g.small, of 2 GiB: a quarter (RDS User Guide, "Working with parameters on your
# RDS for PostgreSQL DB instance"). The catalogs of 300 databases fit in that.
SHARED_BUFFERS = "512MB"
_ENDING_SECONDS = 0.3  # of sessions that were closed: what they took counts once they are gone


def declaration(count: int) -> tuple[Database, ...]:
    """Databases with a login user of each level."""
    return tuple(
        Database(
            name := f"bench_{number}",
            f"{name}_owner",
            f"{name}_writer",
            f"{name}_reader",
            (f"airflow_{name}_read",),
            (f"etl_{name}_write",),
            (f"shop_{name}_own",),
        )
        for number in range(count)
    )


@contextmanager
def front_door(server: Postgres, directory: Path, *names: str) -> Generator[Target]:
    """The server behind TLS, in a process of its own, so that it shares no interpreter with us.

    Its certificate is for ``localhost``, and the other ``names``.
    """
    certificate = directory / "global-bundle.pem"  # the name that the function knows
    write_certificate(certificate, "localhost", *names)
    socket = server.directory / f".s.PGSQL.{PORT}"
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "emulator.postgres.front", socket, certificate],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the front door has no output")
            port = int(process.stdout.readline())
            yield Target("localhost", port, MASTER, "eu-central-1", certificate)
        finally:
            process.terminate()


@dataclass
class Counting:
    """Opens sessions and counts them, and the messages that are sent over them."""

    target: Target
    deadline: Deadline
    sessions: int = 0
    messages: int = 0

    def __call__(self, database: str) -> Session:
        """A session in `database`."""
        self.sessions += 1
        session = self.target.connect(database, self.deadline)
        driver = session.driver
        run = driver.run

        def counted(sql: str) -> list[list[object]] | None:
            self.messages += 1
            return run(sql)

        driver.run = counted  # pyright: ignore[reportAttributeAccessIssue]
        return session


@dataclass(frozen=True)
class Taken:
    """What something took: seconds, and those of a processor in all processes together."""

    seconds: float
    processor: float


def timed(action: Callable[[], object]) -> float:
    """Seconds that `action` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def taken(action: Callable[[], object]) -> Taken:
    """What `action` takes."""
    before = _processor()
    seconds = timed(action)
    return Taken(seconds, _processor() - before)


def _processor() -> float:
    """Seconds of a processor that this process, the front door and the server have had."""
    time.sleep(_ENDING_SECONDS)
    this = psutil.Process()
    return sum(sum(one.cpu_times()[:4]) for one in (this, *this.children(recursive=True)))


def floor(target: Target, databases: tuple[Database, ...]) -> Taken:
    """What it takes to connect to each database once, and nothing else."""
    deadline = Deadline(time.monotonic() + SECONDS)

    def connect(database: Database) -> None:
        with target.connect(database.name, deadline):
            pass

    def every() -> None:
        with ThreadPoolExecutor(WORKERS) as workers:
            list(workers.map(connect, databases))

    return taken(every)


def measured(count: int) -> list[Figure]:
    """The figures for `count` databases that exist."""
    databases = declaration(count)
    with (
        tempfile.TemporaryDirectory() as directory,
        running(18, max_connections="100", shared_buffers=SHARED_BUFFERS) as server,
        front_door(server, Path(directory)) as target,
    ):
        server.execute(*(f"CREATE DATABASE {database.name}" for database in databases), user=MASTER)
        label = f"{count} databases"
        counting = Counting(target, Deadline(time.monotonic() + SECONDS))
        floor(target, databases)  # what the first connection to a database caches is no one's cost
        floors = [floor(target, databases) for _ in range(REPEATS)]
        first = taken(lambda: converge(counting, databases, counting.deadline))
        first_messages = counting.messages / counting.sessions
        floors += [floor(target, databases) for _ in range(REPEATS)]
        connecting = statistics.median(one.seconds for one in floors)
        processor = statistics.median(one.processor for one in floors)
        ratios: list[Taken] = []
        for _ in range(REPEATS):
            least = floor(target, databases)
            counting = Counting(target, Deadline(time.monotonic() + SECONDS))
            again = taken(partial(survey, counting, databases, counting.deadline))
            ratios.append(_ratio(again, least, floor(target, databases)))
        again_messages = counting.messages / counting.sessions
        changed = (replace(databases[0], read=(*databases[0].read, "analyst")), *databases[1:])
        change = _change(target, databases, changed)
        back = _change(target, changed, databases)
        return [
            figure(f"{label}: connecting to each, the floor", connecting, "s"),
            figure(f"{label}: first apply, to the floor", first.seconds / connecting, "x", 2.4),
            figure(f"{label}: first apply, in processor time", first.processor / processor, "x"),
            figure(
                f"{label}: nothing to do, to the floor",
                statistics.median(one.seconds for one in ratios),
                "x",
                1.3,
            ),
            figure(
                f"{label}: nothing to do, in processor time",
                statistics.median(one.processor for one in ratios),
                "x",
            ),
            figure(f"{label}: one grant more, beyond connecting", change, "s", 1),
            figure(f"{label}: one grant less, beyond connecting", back, "s", 1),
            figure(f"{label}: messages a connection, first apply", first_messages, "messages"),
            figure(f"{label}: messages a connection, nothing to do", again_messages, "messages"),
        ]


def _ratio(whole: Taken, *floors: Taken) -> Taken:
    return Taken(
        whole.seconds / statistics.mean(one.seconds for one in floors),
        whole.processor / statistics.mean(one.processor for one in floors),
    )


def _change(target: Target, before: tuple[Database, ...], after: tuple[Database, ...]) -> float:
    """Seconds that the change takes beyond connecting to what it touches."""
    counting = Counting(target, Deadline(time.monotonic() + SECONDS))
    seconds = timed(lambda: converge(counting, after, counting.deadline, changed_since(before)))
    least = min(floor(target, before[:1]).seconds for _ in range(5))
    return seconds - counting.sessions * least


def memory(count: int) -> list[Figure]:
    """What one invocation needs at its peak, for a first apply, databases to be made included."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running(18, max_connections="100", shared_buffers=SHARED_BUFFERS) as server,
        front_door(server, Path(directory)) as target,
    ):
        databases = declaration(count)
        peak = invoked(target, databases).mebibytes
        return [figure(f"{count} databases: peak memory of one invocation", peak, "MiB", 150)]
