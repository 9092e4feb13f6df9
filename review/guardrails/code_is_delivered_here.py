"""What may log in, or could come by it, runs the code that these templates deliver alone."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from review.guardrails.subject import Subject, Violation
from review.iam.matching import has_token
from review.templates.assembly import Resource
from review.templates.servers import MASTER

# What Lambda or a language loads before the function's own code, or has it speak to another AWS.
LOADING = re.compile(
    r"AWS_LAMBDA_EXEC_WRAPPER|AWS_ENDPOINT_URL\w*|AWS_CA_BUNDLE|LD_\w+|NODE_OPTIONS|PYTHON\w+|"
    r"SSL_CERT_\w+|PG\w+|HTTPS?_PROXY"
)
PREFIX = "connections_prefix"
OWN_OPTIONS = ("secrets.backend", "secrets.backend_kwargs")
BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
# What a function of this application begins with; of others, only those are asked that may log in,
# or call one that may, or write where Airflow's code is.
HANDLERS = (
    "database_users.handler.handle",
    "database_users.look.handle",
    "database_users.administrator.handle",
)
CALLING = ("framework.onEvent", "drift_check.handler.handle", "bucket_files.handler.handle")
# What Airflow asks its secrets backend with, beside where connections are.
ARGUMENTS: Mapping[str, Any] = {
    "connections_lookup_pattern": "^(?!aws_default$).*$",
    "variables_prefix": None,
    "config_prefix": None,
}
DAGS = "dags"
# Each is a file of Airflow's bucket in one version, which somebody must have put there.
FILES = ("Requirements", "Plugins", "StartupScript")


def violations(subject: Subject) -> Iterator[Violation]:
    """Each part of the code of a function or an Airflow environment that is from elsewhere."""
    for identity in subject.connecting:
        for one in subject.labels.runs_with(identity):
            found = (
                _of_a_function(one, subject, HANDLERS)
                if one.type == "AWS::Lambda::Function"
                else _of_airflow(one, subject)
            )
            for wrong in found:
                yield Violation(
                    message=f"{subject.labels.name(identity)} may log in, and {wrong}", resource=one
                )
    for identity in subject.on_a_path:
        for one in subject.labels.runs_with(identity):
            known = one.type == "AWS::Lambda::Function"
            for wrong in _of_a_function(one, subject, CALLING) if known else ():
                yield Violation(
                    message=f"{subject.labels.name(identity)} is on a path to a grant, and {wrong}",
                    resource=one,
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
        elif taken and not _is_published(one.properties.get("SourceKey"), subject):
            yield Violation(
                message=f"{one.place} takes {one.properties.get('SourceKey')}, which is published "
                "by something else",
                resource=one,
            )


def _is_published(key: Any, subject: Subject) -> bool:
    """Whether a file of the bootstrap's bucket is one that is published with these templates."""
    files = subject.access.assembly.files
    return files is None or key in files


def _is_assets(bucket: str, one: Resource) -> bool:
    """Whether it is the bucket of the bootstrap, whose qualifier is the account's choice."""
    at = one.stack.environment
    assets = rf"cdk-\w+-assets-{re.escape(at['account'])}-{re.escape(at['region'])}"
    return re.fullmatch(assets, bucket) is not None


def _of_a_function(one: Resource, subject: Subject, handlers: Sequence[str]) -> Iterator[str]:
    code = one.mapping("Code")
    if "ZipFile" not in code and not _is_assets(str(code.get("S3Bucket")), one):
        yield f"its code is {code.get('S3Bucket') or code.get('ImageUri') or 'not known'}"
    elif "ZipFile" not in code and not _is_published(code.get("S3Key"), subject):
        yield f"its code is {code.get('S3Key')}, which is published by something else"
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
    if one.properties.get("Handler") not in handlers:
        yield f"it begins with {one.properties.get('Handler')}"
    variables = one.mapping("Environment", "Variables")
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
    options = one.mapping("AirflowConfigurationOptions")
    if options.get("secrets.backend") != BACKEND:
        yield f"its connections come from {options.get('secrets.backend', 'its own database')}"
    arguments = _arguments(options.get("secrets.backend_kwargs"))
    for name, value in arguments.items():
        if name != PREFIX and (name not in ARGUMENTS or value != ARGUMENTS[name]):
            yield f"its connections are asked for with {name}: {value}"
    declared = subject.declared.airflows.get(subject.labels.runs_as(one))
    for name, value in options.items():
        asked = declared.configuration.get(name) if declared else None
        if name not in OWN_OPTIONS and str(value) != asked:
            yield f"its option {name} is {value}, which nobody declared"
    prefix = arguments.get(PREFIX, "a prefix that is not known")
    for connection in subject.access.connections:
        name = str(connection.resource.properties.get("Name"))
        own = subject.labels.airflow_of(connection) == subject.labels.runs_as(one)
        if own and connection.prefix != prefix:
            yield f"its connections are looked up below {prefix}, and {name} is not"


def _arguments(written: Any) -> Mapping[str, Any]:
    try:
        found: Any = json.loads(str(written))
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}
