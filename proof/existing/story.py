"""What a team has already: looked at, taken over, used and given back, by the make targets."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg

from proof.airflow import PATHS, Airflow
from proof.existing.catalogs import Catalogs, changed_beside, changed_beside_a_role, roles
from proof.existing.servers import ADMINISTRATOR, UNTOLD, TeamServer
from proof.existing.team import Team, a_team
from proof.logins import Endpoint, Identity
from proof.programs import ProgramError
from proof.progress import Progress, UnprovenError
from proof.steps import access_matrix

OWNER, READER = "shop", "airflow"
_OPEN = re.compile(rf" can connect in (postgres|template1|{UNTOLD}),")
_WAYS = ("get_conn", "get_records", "data_frame", "operator", "sensor", "engine")
_AT_THE_READERS = """
import sys
from airflow.providers.postgres.hooks.postgres import PostgresHook
connection = PostgresHook(postgres_conn_id=sys.stdin.read()).get_conn()
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM item")
    print("read", cursor.fetchone()[0])
    cursor.execute("ROLLBACK")
    cursor.execute("BEGIN READ WRITE")
"""
By = dict[str, Catalogs]
"""The catalogs of each server, by its name."""


def tell(progress: Progress, folder: Path) -> None:
    """The whole of it, in an account of its own.

    Raises:
        UnprovenError: a step did not hold.
        ProgramError: a program that a step needs failed.
    """
    with a_team(folder) as team:
        _tell(progress, team)


def _tell(progress: Progress, team: Team) -> None:
    with progress.step("a template that is not ours has made servers, a network, a role") as step:
        untouched, others = _rows(team), team.of_others()
        data = {one.name: one.data() for one in team.servers}
        step.detail = ", ".join(one.host.partition(".")[0] for one in team.servers)
    with progress.step("observe: passwords make the administrators, and nothing else changes"):
        team.declare(bootstrap=True, observe=True)
        team.make("bootstrap", "deploy")
        before = _rows(team)
        for server in team.servers:
            _expect_none(
                changed_beside_a_role(ADMINISTRATOR, untouched[server.name], before[server.name])
            )
            _expect(team.templates_name(server.secret), "no template names the secret")
            _expect(team.times_read(server.secret) == 1, "a password was not read once")
    with progress.step("observe: no permission on a password is left; the plan says what comes"):
        team.declare(observe=True)
        team.make("access")
        for server in team.servers:
            _expect(not team.templates_name(server.secret), f"{server.secret} is still named")
            _plan_tells(team, server)
        _expect(_rows(team) == before, "a catalog changed while the servers were observed")
    with progress.step("a take-over is refused, with what comes first") as step:
        team.declare()
        step.detail = _refused(team)
        _expect(_rows(team) == before, "a refused deploy changed a catalog")
    with progress.step("make deploy takes the servers over, and nothing that is others'"):
        for server in team.servers:
            server.make_ready()
        team.make("deploy")
        now = _rows(team)
        for server in team.servers:
            last = team.plan(server)[-1]
            _expect(last == "nothing to do", f"{server.name}: still planned: {last}")
            _expect_none(changed_beside(server.database, before[server.name], now[server.name]))
            _expect(server.data() == data[server.name], f"{server.name}: data is another")
    with progress.step("each login gives what was declared, on every server") as step:
        for server in team.servers:
            _logins_are(team, server, OWNER, READER)
        step.detail = ", ".join(f"{one.database} on {one.name}" for one in team.servers)
    with progress.step("its Airflow reads each, by every way, and from readers") as step:
        step.detail = _airflow_reads(team, team.airflow())
    with progress.step("make revoke, and make restore-access") as step:
        team.make("revoke", f"IDENTITY={OWNER}")
        for server in team.servers:
            _logins_are(team, server, READER, as_declared=False)
        team.make("restore-access", f"IDENTITY={OWNER}")
    with progress.step("make access without Airflow's grants: it logs in no more"):
        team.declare(read=False)
        team.make("access")
        for server in team.servers:
            _logins_are(team, server, OWNER)
    with progress.step("make destroy: what was there before is there, row by row"):
        team.make("destroy")
        _is_as_before(team, before)
        for server in team.servers:
            _expect(server.data() == data[server.name], f"{server.name}: data is another")
        _expect(team.of_others() == others, "rules, policies or secrets of others are others now")
    with progress.step("the administrators are given up, by the printed SQL"):
        way = team.way_back()
        for server in team.servers:
            server.give_up(way)
            _expect(team.times_read(server.secret) == 1, "a password was read again")
        _is_as_before(team, untouched)


def _rows(team: Team) -> By:
    return {one.name: one.rows() for one in team.servers}


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise UnprovenError(otherwise)


def _expect_none(wrong: Iterable[str]) -> None:
    found = [*wrong]
    _expect(not found, "\n".join(found[:20]))


def _plan_tells(team: Team, server: TeamServer) -> None:
    plan, database = "\n".join(team.plan(server)), server.database
    for line in (
        f"{database}: everyone (PUBLIC) no longer has CONNECT, TEMPORARY on the database",
        f"{database}: reporting may CONNECT, TEMPORARY only because everyone may",
        f"{UNTOLD}: it is not declared, and everyone (PUBLIC) may connect",
    ):
        _expect(line in plan, f"{server.name}: the plan does not say {line!r}:\n{plan}")


def _refused(team: Team) -> str:
    try:
        team.make("deploy")
    except ProgramError:
        said = team.said()
    else:
        raise UnprovenError("a server was taken over of which something comes first")
    first = re.search(r"nothing was changed, as this comes first: (\w+: reporting may)", said)
    if first is None:
        raise UnprovenError(f"the deploy does not say what comes first:\n{said[-2000:]}")
    return first[1]


def _logins_are(team: Team, server: TeamServer, *identities: str, as_declared: bool = True) -> None:
    """By real logins: these, as their own users; beyond what everyone may, as is declared."""
    found = access_matrix.tried(team.environment(server))
    # Whoever is a user of the server may connect there: told by the plan, and not ours to shut.
    wrong = [one for one in found.wrong if not _OPEN.search(one)]
    _expect(not (as_declared and wrong), f"{server.name}: {'; '.join(wrong)}")
    levels, database = {OWNER: "own", READER: "read"}, server.database
    wanted = {(one, database, f"{one}_{database}_{levels[one]}") for one in identities}
    users = {one for one in found.users if one[1] == database}
    _expect(users == wanted, f"{server.name}: {sorted(users)} log in, and not {sorted(wanted)}")


def _airflow_reads(team: Team, airflow: Airflow) -> str:
    connections: list[str] = []
    for server in team.servers:
        user = f"{READER}_{server.database}_read"
        ids = [f"{server.name}_{server.database}"]
        if server.readers:
            ids.append(f"{ids[0]}_reader")
            _readers_only_read(team, server, airflow, ids[1])
        for connection in ids:
            printed = airflow.python(PATHS.read_text(), given=connection, variables={})
            found = re.search(r"^found (.*)$", printed, re.MULTILINE)
            ways: dict[str, Any] = json.loads(found[1]) if found else {}
            for way in _WAYS:
                as_wanted = ways.get(way) == [user, server.database]
                _expect(as_wanted, f"{connection}: {way}: {ways.get(way, printed)}")
        connections += ids
    return ", ".join(connections)


def _readers_only_read(team: Team, server: TeamServer, airflow: Airflow, connection: str) -> None:
    printed = airflow.python(_AT_THE_READERS, given=connection, variables={})
    for said in ("read 100", "cannot set transaction read-write mode during recovery"):
        _expect(said in printed, f"{connection}: {printed}")
    environment = team.environment(server)
    there = Endpoint(host=server.readers, port=server.port, authorities=team.account.authorities)
    shop = Identity(
        name=OWNER,
        credentials=environment.identity(OWNER).credentials,
        endpoint=there,
        region=team.account.region,
    )
    with shop.log_in(f"{OWNER}_{server.database}_own", server.database) as session:
        try:
            session.execute("INSERT INTO item VALUES (101, 'by its owner')")
        except psycopg.errors.ReadOnlySqlTransaction:
            return
    raise UnprovenError(f"{OWNER} writes at {server.readers}")


def _is_as_before(team: Team, before: By) -> None:
    for server in team.servers:
        now, database = server.rows(), server.database
        _expect_none(changed_beside(database, before[server.name], now))
        ours = {f"{OWNER}_{database}_own", f"{READER}_{database}_read"}
        _expect(not ours & {*roles(now)}, f"{server.name}: a user of {ours} is left")
