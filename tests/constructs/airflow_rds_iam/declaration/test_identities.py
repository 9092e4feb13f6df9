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


def test_google_is_known_to_iam_and_names_nobody() -> None:
    google = KINDS["workspace"]["oidc"]
    assert Identity.model_validate({"oidc": google}).token == {
        "accounts.google.com:oaud": google["audience"],
        "accounts.google.com:sub": google["subjects"],
    }
    assert "must not go with Google" in refused({"oidc": {**google, "provider": "made"}})
    assert "source_identity: false must go" in refused(
        {"oidc": {**google, "source_identity": True}}
    )
    slash = {**google, "issuer": f"{google['issuer']}/"}
    assert "as Google's tokens have it" in refused({"oidc": slash})


@pytest.mark.parametrize(
    "host", ["cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"]
)
def test_a_provider_of_an_applications_users_is_refused(host: str) -> None:
    oidc = {**KINDS["workspace"]["oidc"], "issuer": f"https://{host}"}
    assert "must be an organization's provider" in refused({"oidc": oidc})


def test_a_service_account_has_one_way() -> None:
    account = {"namespace": "etl", "service_account": "loader"}
    assert "either a cluster" in refused({"kubernetes": account})
    made = {**account, "cluster": "batch", "provider": "made"}
    assert "must go with an issuer" in refused({"kubernetes": made})


def test_a_role_of_a_service_takes_no_other() -> None:
    of_service = "arn:aws:iam::444455556666:role/aws-service-role/x.amazonaws.com/AWSServiceRole"
    other = {"role_arn": of_service, "external_id": "agreed"}
    assert "must be one that may take another role" in refused({"other_account": other})


def with_text(kind: str, key: str, value: str) -> dict[str, Any]:
    """An identity of that kind, which has that value."""
    [(way, beside)] = KINDS[kind].items()
    return {way: {**beside, key: [value] if key == "subjects" else value}}


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("people", "subjects", "repo:octo-org/octo-repo:environment:my env"),
        ("people", "subjects", "repo:octo-org@1/octo-repo@2:ref:refs/heads/main"),
        ("people", "subjects", "project_path:group/sub/project:ref_type:branch:ref:main"),
        ("people", "subjects", "auth0|5f7c8ec7"),
        ("people", "issuer", "https://login.microsoftonline.com/0a1b2c3d/v2.0"),
        ("people", "issuer", "https://sts.windows.net/0a1b2c3d/"),
        ("loader", "issuer", "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/0A1B2C"),
        ("loader", "issuer", "https://oidc-eks.eu-central-1.api.aws/id/0A1B2C"),
        ("loader", "service_account", "etl.loader-1"),
        ("partner", "role_arn", "arn:aws:iam::444455556666:role/team/etl/a_b+c=d,e.f@g-h"),
    ],
)
def test_what_providers_write_is_taken(kind: str, key: str, value: str) -> None:
    Identity.model_validate(with_text(kind, key, value))


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        *(
            (kind, "subjects", value)
            for kind in ("people", "staff")
            for value in ("", " ", " ann", "ann ", "ann\n", "*", "a?", "${saml:sub}", "Änn", "a\tb")
        ),
        *(("people", "audience", value) for value in ("", " ", "a b", "*", "a?", "${aws:x}", "ä")),
        *(
            ("people", "issuer", value)
            for value in (
                "example.com", "http://example.com", "https://example.com:8443",
                "https://Example.com", "https://example.com?a=b", "https://example.com/a//b",
                "https://*.example.com", "https://ann@example.com",
            )
        ),
        *(("pods", "namespace", value) for value in ("", "a.b", "-a", "a-", "A", "*", "a" * 64)),
        *(
            ("pods", "service_account", value)
            for value in ("", "a..b", ".a", "a.-b", "A", "*", "a" * 254)
        ),
        *(
            ("partner", "external_id", value)
            for value in ("", "a", "a b", "a*", "a?", "${x}", "ä1", "a" * 1225)
        ),
        *(
            ("partner", "role_arn", f"arn:aws:iam::444455556666:{value}")
            for value in ("root", "user/x", "role/x/", "role//x", "role/*", f"role/{65 * 'x'}")
        ),
        ("staff", "provider_arn", f"arn:aws:iam::111122223333:saml-provider/{'o' * 129}"),
    ],
)  # fmt: skip
def test_what_nobody_could_be_is_refused(kind: str, key: str, value: str) -> None:
    assert key in refused(with_text(kind, key, value))
