from typing import Any

import pytest
from pydantic import ValidationError

from airflow_rds_iam.declaration.identities import Identity, providers_made
from tests.kinds import KINDS

ROLE = "arn:aws:iam::111122223333:role/"
RESERVED = f"{ROLE}aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_"


def refused(content: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as error:
        Identity.model_validate(content)
    return str(error.value)


def test_an_identity_is_of_one_kind() -> None:
    assert "must have one of role_arn, other_account, identity_center" in refused({})
    both = {"role_arn": f"{ROLE}shop", **KINDS["people"]}
    assert "it has role_arn and oidc" in refused(both)


def test_a_role_of_a_permission_set_is_refused_with_what_to_declare() -> None:
    arn = f"{RESERVED}Analysts_0123456789abcdef"
    assert "identity_center: {permission_set: Analysts}" in refused({"role_arn": arn})


def test_a_permission_set_has_the_roles_that_end_with_its_name_and_a_hash() -> None:
    analysts = Identity.model_validate(KINDS["analyst"])
    assert analysts.has_role(f"{RESERVED}Analysts_0123456789abcdef", made="dev-analyst")
    assert not analysts.has_role(f"{RESERVED}SeniorAnalysts_0123456789abcdef", made="dev-analyst")
    assert not analysts.has_role(f"{ROLE}dev-analyst", made="dev-analyst")


def test_a_role_that_is_made_is_known_by_its_name_and_one_that_exists_by_its_arn() -> None:
    partner = Identity.model_validate(KINDS["partner"])
    assert partner.has_role(f"{ROLE}dev-partner", made="dev-partner")
    assert not partner.has_role(f"{ROLE}people/dev-partner", made="dev-partner")
    shop = Identity.model_validate({"role_arn": f"{ROLE}shop"})
    assert shop.has_role(f"{ROLE}shop", made="dev-shop")
    assert not shop.has_role(f"{ROLE}dev-shop", made="dev-shop")


def test_a_provider_is_made_once_for_all_audiences_of_its_identities() -> None:
    issuer = {"issuer": "https://gitlab.com", "subjects": ["x"]}
    identities = [
        Identity.model_validate({"oidc": {**issuer, "audience": audience, "provider": provider}})
        for audience, provider in (("b", "made"), ("a", "existing"), ("b", "made"))
    ]
    assert providers_made(identities) == {"https://gitlab.com": ["a", "b"]}
    assert providers_made(identities[1:2]) == {}


def test_a_service_account_has_one_way() -> None:
    account = {"namespace": "etl", "service_account": "loader"}
    assert "either a cluster" in refused({"kubernetes": account})
    made = {**account, "cluster": "batch", "provider": "made"}
    assert "must go with an issuer" in refused({"kubernetes": made})
