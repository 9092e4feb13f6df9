"""What follows from a declaration of dev, which a module writes as its fixture ``file``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from airflow_rds_iam.declaration.file import load
from review.declared import Declared, declared
from review.templates.access import Access
from review.templates.assembly import read
from tests.application import templates
from tests.existing import synthesized


@pytest.fixture(scope="module")
def outdir(new_app: Callable[[], App], file: Path) -> Path:
    return synthesized(new_app(), file)


@pytest.fixture(scope="module")
def found(outdir: Path) -> dict[str, dict[str, Any]]:
    return templates(outdir)


@pytest.fixture(scope="module")
def expected(file: Path) -> Declared:
    return declared(load(file), environment="dev")


@pytest.fixture(scope="module")
def access(outdir: Path, expected: Declared) -> Access:
    return Access(read(outdir), expected.arns_by_role)
