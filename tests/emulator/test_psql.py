"""What `python -m proof.psql` says where there is nothing to log in to, or nobody to log in as."""

import sys
from pathlib import Path

import pytest

from proof import psql
from proof.account import Account


@pytest.fixture(autouse=True)
def running(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """A local account, in which nothing is deployed."""

    def found(_state: Path) -> Account:
        return account

    monkeypatch.setattr(psql, "running_account", found)


def said(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """The sentence that it ends with."""
    monkeypatch.setattr(sys, "argv", ["psql", *arguments, "-c", "SELECT 1"])
    with pytest.raises(SystemExit) as ended:
        psql.main()
    assert isinstance(ended.value.code, str)
    return ended.value.code


def test_without_a_demo_it_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_state: Path) -> Account:
        raise FileNotFoundError

    monkeypatch.setattr(psql, "running_account", missing)
    assert said(monkeypatch, "airflow", "orders").startswith("no demo runs: start one with")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("analyst", "orders"), "'analyst' is not an identity of"),
        (("airflow", "nothing"), "has 0 instances with the database nothing: name another"),
        (("airflow", "payroll"), "airflow has no grant on payroll in dev; try another's"),
        (("airflow", "orders"), "dev-warehouse is not deployed, or not whole: run `make deploy"),
        (("airflow", "orders", "--environment", "prod"), "prod-warehouse is not deployed"),
        (("airflow", "orders", "--environment", "none"), "none"),
        (("airflow", "orders", "--environment", "./README.md"), "README.md:5: is no valid YAML"),
    ],
)
def test_what_is_not_declared_or_not_deployed_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], why: str
) -> None:
    assert why in said(monkeypatch, *arguments)
