"""A real Airflow on this machine, and what runs in it."""

import json
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from proof import empty_database
from proof.programs import ROOT, ProgramError, environment, finish, started, tail

BIN = ROOT / ".local/venvs/airflow/bin"
BIN_2 = ROOT / ".local/venvs/airflow-2/bin"
"""Of the newest Airflow 2, which `make e2e` installs."""
WORKER = Path(__file__).with_name("airflow_worker.py")
DOCTOR = Path(__file__).with_name("airflow_doctor.py")
PATHS = Path(__file__).with_name("airflow_paths.py")
# Nothing of these is the environment's: they say what this machine has in MWAA's place.
LOCAL_OPTIONS = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
}


@dataclass(frozen=True, kw_only=True)
class Task:
    """What became of a task: its ``error`` is empty unless it failed."""

    id: str
    state: str
    result: object
    error: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """What became of a DAG run."""

    state: str
    tasks: tuple[Task, ...]

    @property
    def errors(self) -> list[str]:
        """The error of each task that failed."""
        return [task.error for task in self.tasks if task.error]


class Worker:
    """A process that runs DAGs, one after the other."""

    def __init__(self, questions: IO[str], answers: IO[str], log: Path) -> None:
        self._questions = questions
        self._answers = answers
        self._log = log
        self._begun = 0

    def begin(
        self,
        dag_id: str,
        *,
        logical_date: str,
        conf: dict[str, Any] | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        """Begin a run that nobody waits for; see `run`."""
        question = {
            "dag_id": dag_id,
            "logical_date": logical_date,
            "conf": conf,
            "variables": variables or {},
        }
        print(json.dumps(question), file=self._questions, flush=True)
        self._begun += 1

    def run(
        self,
        dag_id: str,
        *,
        logical_date: str,
        conf: dict[str, Any] | None = None,
        variables: dict[str, str] | None = None,
    ) -> Run:
        """Run a DAG once, to its end.

        Args:
            dag_id: the DAG.
            logical_date: the run's logical date, ISO 8601 with its offset.
            conf: values for the DAG's params.
            variables: what changes in the worker's environment for this run.

        Raises:
            ProgramError: Airflow could not make the run at all.
        """
        answer: dict[str, Any] = {"state": "error", "error": "airflow ended"}
        with suppress(BrokenPipeError):
            self.begin(dag_id, logical_date=logical_date, conf=conf, variables=variables)
        while self._begun and (line := self._answers.readline()):
            answer = json.loads(line)
            self._begun -= 1
        if answer["state"] == "error":
            raise ProgramError(f"{answer['error']}; the end of {self._log}:\n{tail(self._log)}")
        return Run(
            state=answer["state"],
            tasks=tuple(
                Task(
                    id=_task_id(task["task_id"], task["map_index"]),
                    state=task["state"],
                    result=task["result"],
                    error=task["error"],
                )
                for task in answer["tasks"]
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Airflow:
    """Airflow's home and what its processes find in their environment."""

    home: Path
    variables: dict[str, str]
    log: Path
    programs: Path = BIN

    @contextmanager
    def worker(self) -> Generator[Worker]:
        """A worker, until left."""
        with self.answering(WORKER) as (questions, answers):
            yield Worker(questions, answers, self.log)

    @contextmanager
    def answering(
        self, program: Path, variables: Mapping[str, str] | None = None
    ) -> Generator[tuple[IO[str], IO[str]]]:
        """A program that answers lines, until left: where to ask it, and where it answers."""
        with started(
            # Without -P our own module of Airflow's name would be in its way.
            [self.programs / "python", "-P", program],
            log=self.log,
            variables={**self.variables, **(variables or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            if not process.stdin or not process.stdout:
                raise TypeError("a program that answers is spoken to through pipes")
            yield process.stdin, process.stdout

    def python(self, code: str, *, given: str, variables: Mapping[str, str]) -> str:
        """Run a program as another process of Airflow's.

        Args:
            code: the program.
            given: its standard input.
            variables: what its environment holds beside that of each process.

        Returns:
            What it printed, errors too.
        """
        finished = subprocess.run(  # noqa: S603
            [self.programs / "python", "-P", "-c", code],
            env=environment({**self.variables, **variables}),
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            text=True,
        )
        return finished.stdout

    @contextmanager
    def user_interface(self) -> Generator[str]:
        """Scheduler, DAG processor and API server until left; yields the interface's URL.

        Whoever reaches this port of loopback is an administrator of this Airflow.
        """
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        variables = {
            **self.variables,
            "AIRFLOW__API__BASE_URL": url,
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_urlsafe(64),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "2",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        }
        programs = {
            "api-server": ("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
            "scheduler": ("--skip-serve-logs",),
            "dag-processor": (),
        }
        with ExitStack() as stack:
            for name, arguments in programs.items():
                log = self.log.with_name(f"airflow-{name}.log")
                command = [self.programs / "airflow", name, *arguments]
                stack.enter_context(started(command, log=log, variables=variables))
            _wait_for(f"{url}/api/v2/monitor/health", seconds=120)
            yield url


@contextmanager
def initialized(home: Path, *, log: Path, programs: Path = BIN) -> Generator[Callable[[], None]]:
    """Begin to make Airflow's own database in ``home``, which needs nothing that is deployed.

    An empty one is kept for the next time, as long as the local Airflow is the same.
    That of another one, whose ``programs`` are given, is not kept.

    Yields:
        Waits until the database is made; ProgramError if it cannot be.
    """
    database = home / "airflow.db"
    home.mkdir(parents=True, exist_ok=True)
    keeps = programs == BIN
    if keeps and (empty := empty_database.kept()):
        database.write_bytes(empty)
        yield lambda: None
        return
    variables = {"AIRFLOW_HOME": str(home), **LOCAL_OPTIONS}
    with started([programs / "airflow", "db", "migrate"], log=log, variables=variables) as process:

        def wait() -> None:
            finish(process, log=log)
            if keeps:
                empty_database.keep(database.read_bytes())

        yield wait


def _task_id(task_id: str, map_index: int) -> str:
    return task_id if map_index < 0 else f"{task_id}[{map_index}]"


def _wait_for(url: str, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{url} did not answer in {seconds:.0f} s: {error}") from error
            time.sleep(0.5)
