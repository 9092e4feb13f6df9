"""Why a login that was granted fails: `make doctor`, with the role that was granted it."""

import argparse
import ipaddress
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from airflow_rds_iam.certificates import RDS_CERTIFICATES
from airflow_rds_iam.declaration.document import Document
from airflow_rds_iam.declaration.environments import declaration_file
from airflow_rds_iam.declaration.file import DeclarationError, load
from airflow_rds_iam.declaration.grants import Grant, grants
from airflow_rds_iam.declaration.model import Declaration
from doctor.diagnosis import diagnose
from doctor.evidence import Evidence
from doctor.inside import output_name
from doctor.subject import Subject

ENVIRONMENTS = Path(__file__).parents[1] / "environments"
PORT = 5432


class UsageError(Exception):
    """What is asked cannot be looked into, and why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Look into it. 0: nothing is wrong; 1: the cause is told; 2: it cannot be looked into."""
    parser = argparse.ArgumentParser(prog="python -m doctor", description=__doc__)
    parser.add_argument("environment", help="its name, or the file of its declaration")
    parser.add_argument("identity", help="as the declaration names it, such as analyst")
    parser.add_argument("database")
    parser.add_argument("--instance", help="that has the database, where several do")
    parser.add_argument("--host", help="the instance's endpoint, if you may not look it up")
    parser.add_argument("--port", type=int, default=PORT, help="the endpoint's, with --host")
    parser.add_argument("--via", help="ADDRESS:PORT of a forwarded port that leads to it")
    parser.add_argument("--authorities", default=str(RDS_CERTIFICATES), metavar="FILE")
    parser.add_argument("--json", action="store_true", help="for machines")
    given = parser.parse_args(arguments)
    session: Any = boto3.Session()
    try:
        file = declaration_file(given.environment, folder=ENVIRONMENTS)
        subject = _subject(session, load(file), file, given)
    except (DeclarationError, UsageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    found = diagnose(Evidence(subject, session))
    print(json.dumps(found.as_json(), indent=1) if given.json else found.text())
    return 1 if found.culprit else 0


def _subject(session: Any, declaration: Declaration, file: Path, given: Any) -> Subject:
    grant = _grant(declaration, given.identity, given.database, given.instance)
    instance = declaration.instances[grant.instance]
    identity = declaration.identities.get(grant.identity)
    if existing := instance.existing:
        host, port = given.host or existing.endpoint, existing.port
        resource_id = existing.resource_id
    else:
        identifier = instance.identifier(file.stem, grant.instance)
        host, port, resource_id = _endpoint(
            session, identifier, declaration, given, cluster=instance.is_cluster
        )
    return Subject(
        title=f"{grant.identity} {grant.level}s {grant.database}",
        host=host,
        port=port,
        database=grant.database,
        user=grant.user,
        region=session.region_name or declaration.region,
        authorities=given.authorities,
        role_arn=identity and identity.role_arn,
        resource_id=instance.resource_id or resource_id,
        declared=_declared(file, grant),
        sid=grant.sid,
        inside=_inside(session, declaration.region, f"{file.stem}-access", grant.instance),
        via=_via(given.via),
    )


def _declared(file: Path, grant: Grant) -> str:
    """The line that grants, as editors and terminals open it."""
    keys = ("instances", grant.instance, "databases", grant.database, grant.level)
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    return Document(shown).at(keys, "").rstrip(": ")


def _grant(declaration: Declaration, identity: str, database: str, instance: str | None) -> Grant:
    having = [grant for grant in grants(declaration) if grant.identity == identity]
    found = [
        grant
        for grant in having
        if grant.database == database and instance in (None, grant.instance)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(grant.instance for grant in found)
        raise UsageError(f"{database} is a database of {names}: name one with --instance")
    granted = ", ".join(f"{grant.database} ({grant.instance})" for grant in having) or "nothing"
    raise UsageError(f"{identity} has no access to {database}; it is granted {granted}")


def _endpoint(
    session: Any, identifier: str, declaration: Declaration, given: Any, *, cluster: bool
) -> tuple[str, int, str | None]:
    try:
        rds = session.client("rds", region_name=declaration.region)
        if cluster:
            [found] = rds.describe_db_clusters(DBClusterIdentifier=identifier)["DBClusters"]
            return given.host or found["Endpoint"], found["Port"], found["DbClusterResourceId"]
        [found] = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    except (ClientError, BotoCoreError) as error:
        if given.host:
            return given.host, given.port, None
        raise UsageError(
            f"the endpoint of {identifier} cannot be looked up ({error}): name it with --host"
        ) from None
    endpoint = found["Endpoint"]
    return given.host or endpoint["Address"], endpoint["Port"], found["DbiResourceId"]


def _inside(session: Any, region: str | None, stack: str, instance: str) -> str | None:
    """The function that the access stack names; None if nobody here may ask, or it names none."""
    try:
        client = session.client("cloudformation", region_name=region)
        [found] = client.describe_stacks(StackName=stack)["Stacks"]
    except (ClientError, BotoCoreError):
        return None
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}
    return outputs.get(output_name(instance))


def _via(given: str | None) -> tuple[str, int] | None:
    if given is None:
        return None
    address, _, port = given.rpartition(":")
    try:
        return str(ipaddress.ip_address(address)), int(port)
    except ValueError:
        raise UsageError(
            f"--via {given!r}: must be an address and a port, such as 127.0.0.1:15432"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
