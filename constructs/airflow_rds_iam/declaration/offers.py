"""What AWS offers, as two well-kept libraries know it: botocore regions, cfn-lint RDS's classes.

What is new at AWS is known here with the next version of the library.
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from botocore.loaders import Loader
from botocore.regions import EndpointResolver

from airflow_rds_iam.declaration.engines import AURORA, POSTGRES

# The services without which nothing here can be deployed, by the prefix of their endpoints.
SERVICES = {"airflow": "Amazon MWAA", "rds": "Amazon RDS"}
# Read as files: importing cfn-lint takes seconds.
CLASSES_BY_REGION = "cfnlint/data/schemas/extensions/aws_rds_dbinstance/dbinstanceclass_enum.json"
CLASSES_BY_VERSION = "cfnlint/data/schemas/extensions/aws_rds_dbinstance/db_instance_class.json"
ZONES = "cfnlint/helpers.py"
VERSIONS = {
    POSTGRES: "cfnlint/data/schemas/extensions/aws_rds_dbinstance/engine_version.json",
    AURORA: "cfnlint/data/schemas/extensions/aws_rds_dbcluster/engine_version.json",
}


@cache
def regions(service: str) -> frozenset[str]:
    """The regions in which ``service``, a key of `SERVICES`, has an endpoint."""
    resolver = EndpointResolver(Loader().load_data("endpoints"))
    return frozenset(
        region
        for partition in resolver.get_available_partitions()
        for region in resolver.get_available_endpoints(service, partition)
    )


@cache
def instance_classes(major: str, region: str | None, engine: str = POSTGRES) -> frozenset[str]:
    """The DB instance classes that run version ``major`` of ``engine`` in ``region``, or in any.

    Empty where nothing is known of the region.
    """
    of_version = _classes(
        engine,
        (rule for rule in _data(CLASSES_BY_VERSION)["allOf"] if _is_of(rule, rf"^({major}\.")),
    )
    by_region = _data(CLASSES_BY_REGION)
    rules = [by_region[region]] if region in by_region else [] if region else by_region.values()
    return of_version & _classes(engine, (rule for one in rules for rule in one["allOf"]))


@cache
def partition(region: str) -> str:
    """The partition of ``region``, as ARNs begin with it, such as ``aws-cn``."""
    resolver = EndpointResolver(Loader().load_data("endpoints"))
    return resolver.get_partition_for_region(region)


@cache
def zones(region: str) -> frozenset[str]:
    """The letters of the availability zones of ``region``; empty where nothing is known of it."""
    source = ast.parse(_path(ZONES).read_text(encoding="utf-8"))
    [by_region] = [
        ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "AVAILABILITY_ZONES"
    ]
    return frozenset(zone.removeprefix(region) for zone in by_region.get(region, ()))


@cache
def engine_versions(major: str, engine: str = POSTGRES) -> frozenset[str]:
    """The minor versions of ``major`` that ``engine`` has, or had, such as ``17.6``."""
    [versions] = [
        rule["then"]["properties"]["EngineVersion"]["enum"]
        for rule in _data(VERSIONS[engine])["allOf"]
        if rule["if"]["properties"].get("Engine", {}).get("const") == engine
    ]
    return frozenset(one for one in versions if re.fullmatch(rf"{major}\.[0-9]+", one))


def _classes(engine: str, rules: Iterator[dict[str, Any]]) -> frozenset[str]:
    return frozenset(
        one
        for rule in rules
        if rule["if"]["properties"]["Engine"].get("const") == engine
        for one in rule["then"]["properties"]["DBInstanceClass"]["enum"]
    )


def _is_of(rule: dict[str, Any], version: str) -> bool:
    pattern: str = rule["if"]["properties"]["EngineVersion"]["pattern"]
    return pattern.startswith(version)


@cache
def _data(file: str) -> Any:
    return json.loads(_path(file).read_text(encoding="utf-8"))


def _path(file: str) -> Path:
    return Path(str(distribution("cfn-lint").locate_file(file)))
