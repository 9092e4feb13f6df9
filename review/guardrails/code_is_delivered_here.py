"""What may log in runs the code that these templates deliver, and no other."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from review.guardrails.subject import Subject, Violation
from review.iam.matching import has_token
from review.templates.assembly import Resource
from review.templates.servers import MASTER

# What Lambda or a language loads before the function's own code, or has it speak to another AWS.
LOADING = re.compile(
    r"AWS_LAMBDA_EXEC_WRAPPER|AWS_ENDPOINT_URL\w*|AWS_CA_BUNDLE|LD_\w+|NODE_OPTIONS|PYTHON\w+|"
    r"SSL_CERT_\w+|PG\w+|HTTPS?_PROXY"
)
BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
# What a function of this application begins with; of others, only those that may log in are asked.
HANDLERS = (
    "database_users.handler.handle",
    "database_users.look.handle",
    "database_users.administrator.handle",
)
DAGS = "dags"
# Each is a file of Airflow's bucket in one version, which somebody must have put there.
FILES = ("Requirements", "Plugins", "StartupScript")


def violations(subject: Subject) -> Iterator[Violation]:
    """Each part of the code of a function or an Airflow environment that is from elsewhere."""
    for identity in subject.connecting:
        for one in subject.labels.runs_with(identity):
            found = (
                _of_a_function(one, subject)
                if one.type == "AWS::Lambda::Function"
                else _of_airflow(one, subject)
            )
            for wrong in found:
                yield Violation(
                    message=f"{subject.labels.name(identity)} may log in, and {wrong}", resource=one
                )
    yield from _files(subject)


def _files(subject: Subject) -> Iterator[Violation]:
    """What puts files of another bucket where Airflow takes its code from."""
    assembly = subject.access.assembly
    airflow = assembly.of_type("AWS::MWAA::Environment")
    code = {str(one.properties.get("SourceBucketArn")) for one in airflow}
    into = {one.attribute(None) for one in assembly.of_type("AWS::S3::Bucket")
            if one.attribute("Arn") in code}  # fmt: skip
    for one in assembly.resources:
        taken = one.properties.get("SourceBucket")
        if taken and one.properties.get("Bucket") in into and not _is_assets(str(taken), one):
            yield Violation(
                message=f"Airflow's code is taken from {taken}, which is not delivered here",
                resource=one,
            )


def _is_assets(bucket: str, one: Resource) -> bool:
    """Whether it is the bucket of the bootstrap, whose qualifier is the account's choice."""
    at = one.stack.environment
    assets = rf"cdk-\w+-assets-{re.escape(at['account'])}-{re.escape(at['region'])}"
    return re.fullmatch(assets, bucket) is not None


def _of_a_function(one: Resource, subject: Subject) -> Iterator[str]:
    code: Mapping[str, Any] = one.properties.get("Code") or {}
    if "ZipFile" not in code and not _is_assets(str(code.get("S3Bucket")), one):
        yield f"its code is {code.get('S3Bucket') or code.get('ImageUri') or 'not known'}"
    made = {
        layer.attribute(None)
        for layer in subject.access.assembly.of_type("AWS::Lambda::LayerVersion")
    }
    layers: list[Any] = one.properties.get("Layers") or []
    for layer in layers:
        if layer not in made:
            yield f"it has the layer {layer}"
    if one.properties.get("FileSystemConfigs"):
        yield "it has a file system that others may write to"
    if one.properties.get("Handler") not in HANDLERS:
        yield f"it begins with {one.properties.get('Handler')}"
    environment: Mapping[str, Any] = one.properties.get("Environment") or {}
    variables: Mapping[str, Any] = environment.get("Variables") or {}
    masters = [
        user
        for user in subject.access.users
        if user.level == MASTER and user.server.address in variables.values()
    ]
    for user in masters:
        if variables.get("MASTER_USER") != user.name:
            yield f"logs in as {variables.get('MASTER_USER')}, where {user.name} is the master user"
    for name in variables:
        if LOADING.fullmatch(name.upper()):
            yield f"its variable {name} loads or trusts what is not its own"


def _of_airflow(one: Resource, subject: Subject) -> Iterator[str]:
    for file in FILES:
        path = one.properties.get(f"{file}S3Path")
        version = str(one.properties.get(f"{file}S3ObjectVersion", ""))
        if path and not has_token(version):
            yield f"takes {path} in a version that is not delivered here ({version or 'any'})"
    if one.properties.get("DagS3Path") != DAGS:
        yield f"takes its DAGs from {one.properties.get('DagS3Path')}, where none are delivered"
    options: Mapping[str, Any] = one.properties.get("AirflowConfigurationOptions") or {}
    if options.get("secrets.backend") != BACKEND:
        yield f"its connections come from {options.get('secrets.backend', 'its own database')}"
    prefix = _prefix(options.get("secrets.backend_kwargs"))
    for connection in subject.access.connections:
        name = str(connection.resource.properties.get("Name"))
        own = subject.labels.airflow_of(connection) == subject.labels.runs_as(one)
        if own and connection.prefix != prefix:
            yield f"its connections are looked up below {prefix}, and {name} is not"


def _prefix(arguments: Any) -> str:
    try:
        return str(json.loads(str(arguments))["connections_prefix"])
    except (KeyError, TypeError, ValueError):
        return "a prefix that is not known"
