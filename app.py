"""Synthesizes the stacks of one environment: ``cdk … -c environment=dev``."""

import os
import sys
from pathlib import Path

from aws_cdk import App, Environment, Validations
from cdk_nag import AwsSolutionsChecks

from airflow_rds_iam.declaration.environments import declaration_file
from airflow_rds_iam.declaration.file import DeclarationError, load
from stacks import add_environment, outdir

app = App()
try:
    file = declaration_file(app.node.try_get_context("environment"), folder=Path("environments"))
    declaration = load(file)
except DeclarationError as error:
    sys.exit(str(error))
outdir.clear(Path(app.outdir))
add_environment(
    app,
    name=file.stem,
    declaration=declaration,
    env=Environment(
        account=declaration.account or os.environ.get("CDK_DEFAULT_ACCOUNT"),
        region=declaration.region or os.environ.get("CDK_DEFAULT_REGION"),
    ),
)
Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
