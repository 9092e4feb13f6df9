"""MWAA's environments: the record that GetEnvironment answers, checked as MWAA checks it."""

import re
import time
from typing import Any

from emulator.engine import Emulator
from emulator.ministack.stacks import Attributes, Created, Properties, ResourceType, Where

_NAME = re.compile(r"[a-zA-Z][0-9a-zA-Z-_]{0,79}")
_CLASSES = {f"mw1.{size}" for size in ("micro", "small", "medium", "large", "xlarge", "2xlarge")}
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_SERVICES = ("airflow.amazonaws.com", "airflow-env.amazonaws.com")
_LOGS = {
    "DagProcessingLogs": "DAGProcessing",
    "SchedulerLogs": "Scheduler",
    "TaskLogs": "Task",
    "WebserverLogs": "WebServer",
    "WorkerLogs": "Worker",
}
_FILES = ("Requirements", "Plugins", "StartupScript")
_DEFAULTS: dict[str, Any] = {
    "AirflowConfigurationOptions": {},
    "EndpointManagement": "SERVICE",
    "EnvironmentClass": "mw1.small",
    "LoggingConfiguration": {},
    "MaxWorkers": 10,
    "MinWorkers": 1,
    "Schedulers": 2,
    "WebserverAccessMode": "PRIVATE_ONLY",
}
_NUMBERS = ("MaxWebservers", "MaxWorkers", "MinWebservers", "MinWorkers", "Schedulers")


def register(emulator: Emulator) -> None:
    """Handle environments."""
    environments = emulator.store("mwaa", "_environments")

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        name = properties["Name"]
        if name in environments:
            raise ValueError(f"Environment {name} already exists")
        _check(emulator, properties)
        environments[name] = _record(emulator, properties)
        return name, _attributes(environments[name])

    def update(name: str, _old: Properties, new: Properties, _where: Where) -> Created:
        _check(emulator, new)
        record = _record(emulator, new)
        kept = {key: environments[name][key] for key in ("CreatedAt", "WebserverUrl")}
        if new["Name"] != name:
            raise ValueError(f"the local AWS does not rename {name}: delete it first")
        environments[name] = record | kept
        return name, _attributes(environments[name])

    def delete(name: str, _properties: Properties) -> None:
        del environments[name]

    emulator.stacks.handle("AWS::MWAA::Environment", ResourceType(create, delete, update))


def _check(emulator: Emulator, properties: Properties) -> None:
    """ValueError unless MWAA would make an environment of these properties."""
    given = {**_DEFAULTS, **properties}

    def require(condition: object, message: str) -> None:
        if not condition:
            raise ValueError(message)

    name = given["Name"]
    require(_NAME.fullmatch(name), f"Name {name!r}: {_NAME.pattern}")
    kind = given["EnvironmentClass"]
    require(kind in _CLASSES, f"EnvironmentClass {kind!r}: one of {sorted(_CLASSES)}")
    version = given.get("AirflowVersion", "")
    require(_VERSION.fullmatch(version), f"AirflowVersion {version!r}: one such as 3.0.6")
    least, most = int(given["MinWorkers"]), int(given["MaxWorkers"])
    require(1 <= least <= most, f"MinWorkers {least} to MaxWorkers {most}: 1 at least, in order")

    network = given.get("NetworkConfiguration", {})
    subnets = emulator.store("ec2", "_subnets")
    chosen = [subnets.get(subnet) for subnet in network.get("SubnetIds", [])]
    require(len(chosen) == 2 and all(chosen), "NetworkConfiguration: exactly two subnets")
    zones = {subnet["AvailabilityZone"] for subnet in chosen if subnet}
    require(len(zones) == 2, "NetworkConfiguration: the subnets are in one zone")
    groups = network.get("SecurityGroupIds", [])
    known = emulator.store("ec2", "_security_groups")
    require(1 <= len(groups) <= 5, "NetworkConfiguration: one to five security groups")
    require(all(group in known for group in groups), f"NetworkConfiguration: no groups {groups}")

    role = given["ExecutionRoleArn"]
    arn = _arn(emulator, name)
    for service in _SERVICES:
        require(
            emulator.identities.role_trusts(role, service, arn),
            f"ExecutionRoleArn: {role} does not let {service} assume it for {arn}",
        )
    _check_bucket(emulator, given)


def _check_bucket(emulator: Emulator, given: dict[str, Any]) -> None:
    bucket = given["SourceBucketArn"].removeprefix("arn:aws:s3:::")
    record = emulator.store("s3", "_buckets").get(bucket)
    if record is None:
        raise ValueError(f"SourceBucketArn: no bucket {bucket}")
    if emulator.store("s3", "_bucket_versioning").get(bucket) != "Enabled":
        raise ValueError(f"SourceBucketArn: versioning is not enabled on {bucket}")
    if not given.get("DagS3Path"):
        raise ValueError("DagS3Path is required")
    versions = emulator.store("s3", "_object_versions")
    for file in _FILES:
        path, version = given.get(f"{file}S3Path"), given.get(f"{file}S3ObjectVersion")
        if not path:
            continue
        present = {str(entry["version_id"]) for entry in versions.get((bucket, path), [])}
        if path not in record["objects"] or (version and version not in present):
            raise ValueError(f"{file}S3Path: no {path} of version {version} in {bucket}")


def _record(emulator: Emulator, properties: Properties) -> dict[str, Any]:
    given = {**_DEFAULTS, **properties}
    name = given["Name"]
    given["Tags"] = given.get("Tags", {})
    for number in _NUMBERS:
        if number in given:
            given[number] = int(given[number])
    return {
        **given,
        "Arn": _arn(emulator, name),
        "CeleryExecutorQueue": f"arn:aws:sqs:{emulator.region}:{emulator.account}:"
        f"airflow-celery-{name}",
        "CreatedAt": time.time(),
        "LastUpdate": {"Status": "SUCCESS"},
        "LoggingConfiguration": {
            kind: {
                **options,
                "Enabled": str(options.get("Enabled")).lower() == "true",
                "CloudWatchLogGroupArn": f"arn:aws:logs:{emulator.region}:{emulator.account}:"
                f"log-group:airflow-{name}-{_LOGS[kind]}",
            }
            for kind, options in given["LoggingConfiguration"].items()
        },
        "Status": "AVAILABLE",
        "WebserverUrl": f"{name}.c1.{emulator.region}.airflow.amazonaws.com",
    }


def _arn(emulator: Emulator, name: str) -> str:
    return f"arn:aws:airflow:{emulator.region}:{emulator.account}:environment/{name}"


def _attributes(record: dict[str, Any]) -> Attributes:
    groups = {
        f"LoggingConfiguration.{kind}.CloudWatchLogGroupArn": options["CloudWatchLogGroupArn"]
        for kind, options in record["LoggingConfiguration"].items()
    }
    names = ("Arn", "CeleryExecutorQueue", "WebserverUrl")
    return {**groups, **{name: record[name] for name in names}}
