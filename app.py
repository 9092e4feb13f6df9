"""Synthesizes the stacks of one environment: ``cdk … -c environment=dev``."""

import os
import sys
from pathlib import Path

from aws_cdk import App, Environment, Validations
from cdk_nag import AwsSolutionsChecks

from airflow_rds_iam.declaration.file import DeclarationError, load
from stacks import add_environment

app = App()
name = app.node.get_context("environment")
declaration_file = Path(name) if name.endswith(".yaml") else Path("environments", f"{name}.yaml")
try:
    declaration = load(declaration_file)
except DeclarationError as error:
    sys.exit(str(error))
add_environment(
    app,
    name=declaration_file.stem,
    declaration=declaration,
    env=Environment(
        account=declaration.account or os.environ.get("CDK_DEFAULT_ACCOUNT"),
        region=declaration.region or os.environ.get("CDK_DEFAULT_REGION"),
    ),
)
Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
