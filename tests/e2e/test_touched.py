"""What a change of access touches in an account, by layout and kind of identity."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proof import make
from proof.account import Account, started_account
from tests.application import templates
from tests.declared import dev, written
from tests.templates import Content
from tests.touched import acted_on, touched

STACK = "dev-access"
ROLES = "arn:aws:iam::111122223333:role/"
NOBODY = {"own": ["shop"]}
BEFORE: dict[str, Any] = {
    "orders": {"own": ["shop"], "read": ["airflow", "analyst", "invoices"]},
    "reports": {"own": ["shop"], "read": ["airflow", "analyst"]},
    "payroll": NOBODY,
}
# Those whom a connection names have a user of their old level removed at last.
CHANGES: dict[str, dict[str, Any]] = {
    "at another level": {
        "orders": {"own": ["shop"], "write": ["airflow", "analyst", "invoices"]}
    },
    "more": {"payroll": {"own": ["shop"], "read": ["airflow", "analyst"]}},
    "less": {"orders": NOBODY, "payroll": NOBODY},
}  # fmt: skip


class Place:
    """An account, and what was deployed there last."""

    def __init__(self, account: Account, folder: Path, layout: str) -> None:
        self.account = account
        self._folder = folder
        self._layout = layout
        self.databases = dict(BEFORE)

    def deploy(self, *targets: str) -> Content:
        """Deploy what it holds; the access stack's template."""
        content = dev({
            "instances.warehouse.databases": self.databases,
            "airflow.policies": self._layout,
            "identities": {
                "shop": {"role_arn": f"{ROLES}shop"},
                "analyst": {"role_arn": f"{ROLES}analyst", "policies": self._layout},
                "invoices": {"task_role": True},
            },
        })  # fmt: skip
        file, out = written(content, self._folder / "dev.yaml"), self._folder / "out"
        log = self._folder / "make.log"
        make.run(self.account, *targets, environment=file, output=out, log=log)
        return templates(out)[STACK]


@contextmanager
def place(folder: Path, layout: str) -> Generator[Place]:
    with started_account(
        folder / "state", account="111122223333", region="eu-central-1", log=folder / "aws.log"
    ) as account:
        for name in ("shop", "analyst"):
            account.make_role(f"{ROLES}{name}")
        yield Place(account, folder, layout)


@pytest.mark.parametrize("layout", ["separate", "packed"])
def test_it_is_what_the_templates_tell_and_the_removal_of_a_user_that_retired(
    layout: str, tmp_path: Path
) -> None:
    with place(tmp_path, layout) as there:
        before = there.deploy("bootstrap", "deploy")
        for change, databases in CHANGES.items():
            there.databases |= databases
            after = there.deploy("access")
            found = acted_on(there.account, STACK)
            assert found.keys() == touched(before, after), change
            retired = [one for one in found.values() if one == "Custom::RetiredDatabaseUsers"]
            assert len(retired) == (change == "at another level"), change
            before = after
