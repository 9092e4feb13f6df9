"""A real Airflow set up from what was deployed, in the place of Amazon MWAA's service."""

import importlib.metadata
import json
import re
import secrets
import shutil
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

from packaging.requirements import Requirement

from proof import empty_database
from proof.account import Account, Credentials
from proof.programs import ROOT, ProgramError, environment, finish, started, tail

BIN = ROOT / ".local/venvs/airflow/bin"
BIN_2 = ROOT / ".local/venvs/airflow-2/bin"
"""Of the newest Airflow 2, which `make e2e` installs."""
WORKER = Path(__file__).with_name("airflow_worker.py")
DOCTOR = Path(__file__).with_name("airflow_doctor.py")
PATHS = Path(__file__).with_name("airflow_paths.py")
SETTINGS = Path(__file__).with_name("airflow_local_settings.py")
SESSION = "worker"
"""Name of the session of the execution role that Airflow's own calls are made with."""
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


def set_up(
    account: Account,
    record: Mapping[str, Any],
    *,
    home: Path,
    log: Path,
    programs: Path = BIN,
) -> Airflow:
    """Do what Amazon MWAA does with an environment that was deployed.

    Args:
        account: where the environment was deployed.
        record: the environment as MWAA describes it.
        home: Airflow's home, with its own database.
        log: file that Airflow logs to.
        programs: those of the Airflow that it is.

    Raises:
        LookupError: the local Airflow lacks something that the environment's requirements want.
        PermissionError: the execution role does not trust Airflow.
    """
    role = assume(account, record, session=SESSION, seconds=12 * 3600)
    download(account.client("s3", role), record, home)
    _append_authorities(account, home)
    check_requirements(downloaded(record["RequirementsS3Path"], record, home), programs)
    (home / "config").mkdir(exist_ok=True)
    shutil.copy(SETTINGS, home / "config")
    own = {
        **LOCAL_OPTIONS,
        **account.variables(role),
        "AIRFLOW_HOME": str(home),
        # The endpoint's real name stands for an address on loopback here.
        "PGHOSTADDR": "127.0.0.1",
    }
    variables = own | delivered_variables(record, home, own)
    return Airflow(home=home, variables=variables, log=log, programs=programs)


def delivered_variables(
    record: Mapping[str, Any], home: Path, own: Mapping[str, str]
) -> dict[str, str]:
    """What every process of Airflow inherits from the environment's configuration.

    Args:
        record: the environment as MWAA describes it.
        home: Airflow's home, with the files that the environment names.
        own: what a process has in its environment beside.
    """
    variables = configuration(record["AirflowConfigurationOptions"])
    if script := record.get("StartupScriptS3Path"):
        file = downloaded(script, record, home)
        variables |= exports(file, {**own, **variables})
    return variables


def assume(
    account: Account, record: Mapping[str, Any], *, session: str, seconds: int = 3600
) -> Credentials:
    """A session of the execution role, as Amazon MWAA gives its workers one."""
    return account.assume_as_service(
        record["ExecutionRoleArn"],
        service="airflow.amazonaws.com",
        source_arn=record["Arn"],
        session=session,
        seconds=seconds,
    )


def download(s3: Any, record: Mapping[str, Any], home: Path) -> None:
    """Copy what the environment names from its bucket, with the versions that it names."""
    bucket = record["SourceBucketArn"].rpartition(":")[2]
    prefix = _dags(record)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    versions = {item["Key"]: None for page in pages for item in page.get("Contents", [])}
    for file in ("Requirements", "StartupScript", "Plugins"):
        if key := record.get(f"{file}S3Path"):
            versions[key] = record[f"{file}S3ObjectVersion"]
    for key, version in versions.items():
        target = downloaded(key, record, home)
        target.parent.mkdir(parents=True, exist_ok=True)
        which = {"VersionId": version} if version else {}
        target.write_bytes(s3.get_object(Bucket=bucket, Key=key, **which)["Body"].read())
        if key == record.get("PluginsS3Path"):
            shutil.unpack_archive(target, home / "plugins")


def downloaded(key: str, record: Mapping[str, Any], home: Path) -> Path:
    """Where a file of the bucket is in Airflow's home: that of the DAGs is always this one."""
    prefix = _dags(record)
    return home / ("dags/" + key.removeprefix(prefix) if key.startswith(prefix) else key)


def _dags(record: Mapping[str, Any]) -> str:
    return record["DagS3Path"].strip("/") + "/"


def configuration(options: Mapping[str, str]) -> dict[str, str]:
    """Airflow's environment variables for configuration options, as Amazon MWAA sets them."""
    return {
        f"AIRFLOW__{section.upper()}__{key.upper()}": value
        for option, value in options.items()
        for section, _, key in [option.partition(".")]
    }


def exports(script: Path, variables: dict[str, str]) -> dict[str, str]:
    """What a startup script adds to the environment or changes in it. ProgramError if it fails."""
    before = environment(variables)
    sourced = subprocess.run(  # noqa: S603
        ["/bin/bash", "-c", '. "$1" >&2 && env -0', "bash", script],
        env=before,
        capture_output=True,
        check=False,
        text=True,
    )
    if sourced.returncode:
        raise ProgramError(f"{script.name} ended with {sourced.returncode}: {sourced.stderr}")
    after = dict(line.split("=", 1) for line in sourced.stdout.split("\0") if line)
    shells_own = {"_", "PWD", "OLDPWD", "SHLVL"}
    return {
        name: value
        for name, value in after.items()
        if name not in shells_own and before.get(name) != value
    }


def check_requirements(file: Path, programs: Path = BIN) -> None:
    """LookupError for a requirement that the local Airflow does not have installed."""
    [packages] = (programs.parent / "lib").glob("python*/site-packages")
    for line in file.read_text().splitlines():
        requirement = re.sub(r"(^|\s)#.*", "", line).strip()
        if not requirement or requirement.startswith("-"):
            continue
        wanted = Requirement(requirement)
        found = [*importlib.metadata.distributions(name=wanted.name, path=[str(packages)])]
        if not found or found[0].version not in wanted.specifier:
            raise LookupError(
                f"{file.name} wants {requirement}, and the local Airflow has "
                f"{found[0].version if found else 'none'}: add it to the group `airflow` in "
                "pyproject.toml and run `make lock setup`"
            )


def _append_authorities(account: Account, home: Path) -> None:
    # Amazon's authorities vouch for RDS's servers; here a local one stands in their place.
    bundle = home / "dags/certificates/global-bundle.pem"
    bundle.write_text(f"{bundle.read_text()}\n{account.authorities.read_text()}")


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
