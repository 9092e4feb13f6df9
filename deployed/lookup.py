"""Asks RDS, once, for the servers that a declaration names by `lookup`."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from airflow_rds_iam.declaration import lookups
from airflow_rds_iam.declaration.document import DeclarationError, Document
from airflow_rds_iam.declaration.engines import AURORA, POSTGRES, other_engine, refusal
from airflow_rds_iam.declaration.environments import declaration_file


class LookupRefusedError(Exception):
    """What there is cannot be worked with; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0: it is written. 1: one of them is not there, or cannot be worked with; nothing is."""
    parser = argparse.ArgumentParser(prog="python -m deployed.lookup", description=__doc__)
    parser.add_argument("--environment", default="dev", help="as make was told it")
    given = parser.parse_args(arguments)
    try:
        file = declaration_file(given.environment, folder=Path("environments"))
        _look_up(Document(file))
    except DeclarationError as error:
        print(error, file=sys.stderr)
        return 1
    except (ClientError, BotoCoreError) as error:
        print(f"nothing is looked up: {error}", file=sys.stderr)
        return 1
    return 0


def _look_up(document: Document) -> None:
    wanted = {(*path, "lookup"): one["lookup"] for path, one in lookups.wanted(document.content)}
    account, region = (document.content.get(key) for key in ("account", "region"))
    if not wanted:
        print("Nothing is declared by lookup.")
        return
    for key, value in (("account", account), ("region", region)):
        if not isinstance(value, str):
            message = "is missing or no text: a look-up is of one account and region"
            raise DeclarationError(document.at((key,), message))
    session: Any = boto3.Session(region_name=region)
    caller = session.client("sts").get_caller_identity()["Account"]
    if caller != account:
        raise DeclarationError(
            document.at(("account",), f"{account!r}: your credentials are of {caller}")
        )
    found: dict[str, dict[str, Any]] = {}
    wrong: list[str] = []
    for path, name in wanted.items():
        if why := lookups.misnamed(name):
            wrong.append(document.at(path, why))
            continue
        try:
            found[name] = looked_up(session.client("rds"), name)
        except LookupRefusedError as error:
            wrong.append(document.at(path, f"{name!r}: {error}"))
    if wrong:
        raise DeclarationError("\n".join(wrong))
    _write(document.file.parent, lookups.place(account, region), found)


def _write(folder: Path, place: str, found: Mapping[str, dict[str, Any]]) -> None:
    content = lookups.read(folder)
    content[place] = {**content.get(place, {}), **found}
    file = folder / lookups.FILE
    file.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")
    for name, one in found.items():
        print(f"{name}: {one['endpoint']}, {one['resource_id']}")
    print(f"Commit {file}: a synthesis asks nobody.")


def looked_up(rds: Any, name: str) -> dict[str, Any]:
    """What is declared of the cluster or the instance ``name``, as RDS describes it.

    Args:
        rds: a boto3 client; it calls DescribeDBClusters and DescribeDBInstances.
        name: the identifier.

    Raises:
        LookupRefusedError: it is not there, or none that can be worked with.
        ClientError: the caller may not ask.
    """
    cluster = _described(rds.describe_db_clusters, "DBCluster", name)
    one = cluster or _described(rds.describe_db_instances, "DBInstance", name)
    if one is None:
        raise LookupRefusedError("RDS has no cluster and no instance of that identifier here")
    _refuse(one)
    groups = [each["VpcSecurityGroupId"] for each in one.get("VpcSecurityGroups", ())]
    of_kind = _cluster(one) if cluster else _instance(one)
    return {**of_kind, **({"security_group": groups[0]} if len(groups) == 1 else {})}


def _described(describe: Any, kind: str, name: str) -> dict[str, Any] | None:
    try:
        [found] = describe(**{f"{kind}Identifier": name})[f"{kind}s"]
    except ClientError as error:
        if "NotFound" not in error.response.get("Error", {}).get("Code", ""):
            raise
        return None
    return found


def _refuse(one: Mapping[str, Any]) -> None:
    engine = one["Engine"]
    if engine not in (POSTGRES, AURORA):
        raise LookupRefusedError(refusal(other_engine(engine) or engine))
    if cluster := one.get("DBClusterIdentifier") if "DBInstanceIdentifier" in one else None:
        raise LookupRefusedError(
            f"is an instance of the cluster {cluster}: look that up, whose users log in on each"
        )
    source = one.get("ReadReplicaSourceDBInstanceIdentifier") or one.get(
        "ReplicationSourceIdentifier"
    )
    if source:
        raise LookupRefusedError(f"is a read replica of {source}: users are made there")
    if not one.get("Endpoint"):
        raise LookupRefusedError("has no endpoint yet: wait until RDS has made it")


def _instance(one: Mapping[str, Any]) -> dict[str, Any]:
    endpoint = one["Endpoint"]
    return {
        "endpoint": endpoint["Address"],
        "port": endpoint["Port"],
        "resource_id": one["DbiResourceId"],
    }


def _cluster(one: Mapping[str, Any]) -> dict[str, Any]:
    readers = [each for each in one.get("DBClusterMembers", ()) if not each["IsClusterWriter"]]
    return {
        "endpoint": one["Endpoint"],
        "port": one["Port"],
        "resource_id": one["DbClusterResourceId"],
        # Without a reader that name leads to the writer.
        **({"reader_endpoint": one["ReaderEndpoint"]} if readers else {}),
    }


if __name__ == "__main__":
    sys.exit(main())
