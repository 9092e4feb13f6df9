from pathlib import Path

import pytest

from tests.declared import dev, written
from tests.existing import refused
from tests.kinds import KINDS

ROLES_THERE = {"identities.shop.role_arn": "arn:aws:iam::444455556666:role/shop"}
MADE = {"identities.people": {"oidc": {**KINDS["people"]["oidc"], "provider": "made"}}}
DELIVERED = {"delivery.gitlab": {"project": "group/project", "url": "https://gitlab.example.com"}}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (MADE, "identities.people.oidc.provider"),
        (DELIVERED, "delivery.gitlab.provider"),
        ({"delivery.github": {"repository": "octo-org/octo-repo"}}, "delivery.github.provider"),
    ],
)
def test_an_identity_provider_is_made_by_one_environment_of_an_account(
    changes: dict[str, object], path: str, tmp_path: Path
) -> None:
    written(dev(changes), tmp_path / "other.yaml")
    [line] = refused(changes, tmp_path)
    assert line.startswith(f"{path}: https://")
    assert line.endswith(
        " is made by the environment 'other', too, and an account has one of each address: "
        "declare provider: existing"
    )
    assert refused({**changes, path: "existing"}, tmp_path) == []
    written(dev({**changes, "account": "444455556666", **ROLES_THERE}), tmp_path / "other.yaml")
    assert refused(changes, tmp_path) == []
