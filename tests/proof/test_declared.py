from pathlib import Path

import pytest
import yaml

from proof import declared
from proof.deployment import DECLARATION


def test_a_copy_without_a_grant_lacks_it_and_nothing_else(tmp_path: Path) -> None:
    before = declared.read(DECLARATION)
    grant = before.grant("airflow", "reports")
    copy = declared.without(DECLARATION, grant, directory=tmp_path / "copy")
    assert copy.name == DECLARATION.name
    assert set(before.grants) - set(declared.read(copy).grants) == {grant}
    original, changed = (yaml.safe_load(file.read_text()) for file in (DECLARATION, copy))
    original["instances"]["warehouse"]["databases"]["reports"]["write"] = []
    assert changed == original


def test_a_grant_that_was_not_made_is_an_error() -> None:
    with pytest.raises(LookupError, match="airflow has no grant on payroll"):
        declared.read(DECLARATION).grant("airflow", "payroll")
