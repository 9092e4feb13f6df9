"""What may log in runs the code that these templates deliver, and no other."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from review.guardrails.subject import Subject, Violation
from review.iam.matching import has_token
from review.templates.assembly import Resource

# What Lambda or a language loads before the function's own code, or has it speak to another AWS.
LOADING = re.compile(
    r"AWS_LAMBDA_EXEC_WRAPPER|AWS_ENDPOINT_URL\w*|AWS_CA_BUNDLE|LD_\w+|NODE_OPTIONS|PYTHON\w+|"
    r"SSL_CERT_\w+|PG\w+|HTTPS?_PROXY"
)
BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"
# Each is a file of Airflow's bucket in one version, which somebody must have put there.
FILES = ("Requirements", "Plugins", "StartupScript")


def violations(subject: Subject) -> Iterator[Violation]:
    """Each part of the code of a function or an Airflow environment that is from elsewhere."""
    for identity in subject.connecting:
        for one in subject.labels.runs_with(identity):
            found = (
                _of_a_function(one, subject)
                if one.type == "AWS::Lambda::Function"
                else _of_airflow(one)
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
    environment: Mapping[str, Any] = one.properties.get("Environment") or {}
    variables: Mapping[str, Any] = environment.get("Variables") or {}
    for name in variables:
        if LOADING.fullmatch(name.upper()):
            yield f"its variable {name} loads or trusts what is not its own"


def _of_airflow(one: Resource) -> Iterator[str]:
    for file in FILES:
        path = one.properties.get(f"{file}S3Path")
        version = str(one.properties.get(f"{file}S3ObjectVersion", ""))
        if path and not has_token(version):
            yield f"takes {path} in a version that is not delivered here ({version or 'any'})"
    options: Mapping[str, Any] = one.properties.get("AirflowConfigurationOptions") or {}
    if options.get("secrets.backend", BACKEND) != BACKEND:
        yield f"its connections come from {options['secrets.backend']}"
