"""What Airflow and the doctor take: a connect with a token, a whole diagnosis, parsing the DAGs.

`python -m benchmarks.airflow` prints a table and writes build/bench-airflow.json. Each figure but
that of parsing is a ratio to the same with a password, or to a login, in the same run. With a
password and with a token the same user logs in to the same server over TLS, verified with the same
file of one certificate (to read RDS's, of more than a hundred, takes longer than all that is
measured, and would hide it). So the one difference is what a token takes to sign and to send. The
server takes whatever looks like a token: what AWS does with it is the same for everybody, and is
not here. Nor is SCRAM, which a password takes on RDS and a token does not.

Each ratio is the median of those of two that came one after the other, so that a moment in which
the machine is busy is both's.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.credentials import Credentials

from benchmarks.figures import Figure, figure, told
from benchmarks.many import SECONDS, Counting, declaration, front_door, timed
from database_users.deadline import Deadline
from database_users.postgres.run import converge
from doctor.diagnosis import diagnose
from doctor.evidence import Caller, Evidence
from doctor.subject import Subject
from emulator.postgres.server import MASTER, running
from rds_login.login import log_in
from rds_login.tls import encrypted, trusting
from rds_login.token import sign

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".local/venvs/airflow/bin/python"
HOST = "dev-bench.abcdefghijkl.eu-central-1.rds.amazonaws.com"
REGION = "eu-central-1"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "example"}
CONNECTS = """
import json, statistics, sys, time
from unittest.mock import patch
import sqlalchemy
from airflow.providers.postgres.hooks import postgres
from signing_engine import signing_engine

def seconds(connect):
    begun = time.perf_counter()
    connect().close()
    return time.perf_counter() - begun

answer = {}
for name, three in (("psycopg2", False), ("psycopg 3", True)):
    with patch.object(postgres, "USE_PSYCOPG3", three):
        hook = postgres.PostgresHook
        engines = [make(hook("bench_" + how), poolclass=sqlalchemy.pool.NullPool)
                   for how, make in (("password", signing_engine), ("token", signing_engine))]
        ways = {
            "hook": (lambda: hook("bench_password").get_conn(),
                     lambda: hook("bench_token").get_conn()),
            "engine": (engines[0].connect, engines[1].connect),
        }
        for way, both in ways.items():
            for connect in both:
                seconds(connect)  # what is imported and kept at the first is no one's cost
            rounds = [[seconds(connect) for connect in both] for _ in range(int(sys.argv[1]))]
            answer[f"{name} {way}"] = [
                statistics.median(password for password, _ in rounds),
                statistics.median(token / password for password, token in rounds),
            ]
print(json.dumps(answer))
"""
EMPTY = """
from authoring import DAG, task

@task
def it(): pass

with DAG("empty", schedule=None):
    it()
"""
PARSING = """
import importlib, sys, time
import airflow, authoring
begun = time.perf_counter()
importlib.import_module(sys.argv[1])
print(time.perf_counter() - begun)
"""


def connecting(rounds: int) -> list[Figure]:
    """A connect with a token to one with a password, as the provider has it and by our engine."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running(18) as server,
        front_door(server, Path(directory)) as target,
    ):
        tls = {"sslmode": "verify-full", "sslrootcert": str(target.authorities)}
        common = {
            "conn_type": "postgres",
            "host": target.host,
            "port": target.port,
            "login": MASTER,
            "schema": "postgres",
        }
        extra = {**tls, "sqlalchemy_query": tls}
        said = _in_airflow(
            CONNECTS,
            str(rounds),
            AIRFLOW_CONN_BENCH_TOKEN=json.dumps({**common, "extra": {**extra, "iam": True}}),
            # The server looks for a part of a token, which this has.
            AIRFLOW_CONN_BENCH_PASSWORD=json.dumps(
                {**common, "password": "X-Amz-Signature", "extra": extra}
            ),
        )
    found: dict[str, tuple[float, float]] = json.loads(said)
    figures: list[Figure] = []
    for way, (password, ratio) in found.items():
        ours = way.endswith("engine")
        what = "our engine" if ours else "the provider's hook"
        figures.append(figure(f"{way}: with a password", password * 1000, "ms"))
        figures.append(figure(f"{way}: {what}, to a password", ratio, "x", 1.5 if ours else None))
    return figures


def diagnosing(rounds: int) -> list[Figure]:
    """A whole diagnosis of a login that works, to one login."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running(18) as server,
        front_door(server, Path(directory), HOST) as target,
    ):
        databases = declaration(1)
        deadline = Deadline(time.monotonic() + SECONDS)
        converge(Counting(target, deadline), databases, deadline)
        user = databases[0].read[0]
        subject = Subject(
            title="bench",
            host=HOST,
            port=target.port,
            database=databases[0].name,
            user=user,
            region=REGION,
            authorities=str(target.authorities),
            via=("127.0.0.1", target.port),
        )

        def one_login() -> None:
            context = trusting(subject.authorities)
            secure = encrypted(HOST, subject.port, context, 5, address="127.0.0.1")
            token = sign(CREDENTIALS, HOST, subject.port, user, REGION)
            log_in(secure, user=user, database=subject.database, token=token).close()

        def whole() -> None:
            found = diagnose(_OfTheServer(subject, _Signing()))
            if found.culprit:
                raise RuntimeError(found.summary)

        for once in (one_login, whole):
            once()  # what is imported and kept at the first is no one's cost
        ratio = statistics.median(timed(whole) / timed(one_login) for _ in range(rounds))
        return [figure("the doctor, beyond AWS's answers, to a login", ratio, "x", 2)]


def parsing(rounds: int) -> list[Figure]:
    """The files of dags/, to as many of which each has one DAG and nothing else."""
    files = [file.stem for file in (ROOT / "dags").glob("*.py") if "with DAG(" in file.read_text()]
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "empty.py").write_text(EMPTY)
        seconds = {
            name: min(float(_in_airflow(PARSING, name, also=directory)) for _ in range(rounds))
            for name in (*files, "empty")
        }
    floor = seconds.pop("empty")
    slowest = max(seconds, key=lambda name: seconds[name])
    total = sum(seconds.values()) / (floor * len(seconds))
    return [
        figure(f"parsing {slowest}, the slowest DAG", seconds[slowest], "s", 1),
        figure("parsing dags/, to as many empty DAGs", total, "x"),
    ]


CREDENTIALS = Credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"])


class _Signing:
    """A session that signs, and asks nobody."""

    def get_credentials(self) -> Credentials:
        return CREDENTIALS


class _OfTheServer(Evidence):
    """Evidence of which AWS answers at once."""

    @cached_property
    def caller(self) -> Caller:
        return Caller(arn="arn:aws:sts::111122223333:assumed-role/bench/it", seconds_ahead=0)

    @property
    def instance(self) -> dict[str, Any] | None:
        return None


def _in_airflow(program: str, *arguments: str, also: str = "", **variables: str) -> str:
    """What a program prints last that Airflow's interpreter runs."""
    with tempfile.TemporaryDirectory() as home:
        path = [also, str(ROOT / "dags"), str(ROOT / "lambda"), str(ROOT)]
        environment: Mapping[str, str] = {
            "AIRFLOW_HOME": home,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            **KEYS,
            **variables,
        }
        done = subprocess.run(  # noqa: S603
            [PYTHON, "-P", "-c", program, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"Airflow failed: {done.stderr}")
    return done.stdout.splitlines()[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print and write the figures. 0: each goal is met; 1: one is not."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.airflow", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="of each connect")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "bench-airflow.json")
    options = parser.parse_args(arguments)
    os.environ |= KEYS
    few = min(options.rounds, 3)
    figures = [
        *connecting(options.rounds),
        *diagnosing(options.rounds),
        *parsing(few),
    ]
    return told(figures, options.output)


if __name__ == "__main__":
    sys.exit(main())
