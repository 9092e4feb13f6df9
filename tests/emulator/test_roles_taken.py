"""Who may take a role: of this account, of another one, and with a provider's token."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from proof.account import Account, Credentials, allowing
from tests.emulator.conftest import ACCOUNT, trust

pytestmark = pytest.mark.slow

OTHER = "444455556666"
ISSUER = "example.okta.com/oauth2/default"
NAMED = "https://aws.amazon.com/source_identity"


def made(account: Account, name: str, document: dict[str, Any], *, may: bool = False) -> str:
    """The ARN of a role, which may take roles."""
    iam: Any = account.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    if may:
        iam.put_role_policy(
            RoleName=name, PolicyName="it", PolicyDocument=allowing("sts:AssumeRole")
        )
    return role["Role"]["Arn"]


def root(account: str) -> dict[str, Any]:
    return trust(AWS=f"arn:aws:iam::{account}:root")


def takes(account: Account, role: str, credentials: Credentials) -> bool:
    try:
        account.assume(role, session="it", credentials=credentials)
    except ClientError as error:
        if "(AccessDenied)" not in str(error):
            raise
        return False
    return True


def test_a_role_that_the_trust_names_needs_no_other_policy_and_one_of_the_account_does(
    account: Account,
) -> None:
    named = made(account, "named", root(ACCOUNT))
    session = account.assume(named, session="it")
    assert takes(account, made(account, "names-a-role", trust(AWS=named)), session)
    assert not takes(account, made(account, "names-the-account", root(ACCOUNT)), session)


def test_a_role_of_another_account_needs_both_its_own_policy_and_the_trust(
    account: Account,
) -> None:
    there = account.other(OTHER)
    may = made(there, "may", root(OTHER), may=True)
    may_not = made(there, "may-not", root(OTHER))
    [first, second] = [there.assume(one, session="it") for one in (may, may_not)]
    here = made(account, "names-both", trust(AWS=f"arn:aws:iam::{OTHER}:root"))
    assert takes(account, here, first)
    assert not takes(account, here, second)
    assert not takes(account, made(account, "names-nobody-there", root(ACCOUNT)), first)


def test_what_another_account_has_is_not_seen_here(account: Account) -> None:
    there = account.other(OTHER)
    made(there, "of-the-other", root(OTHER))
    names = {one["RoleName"] for one in account.client("iam").list_roles()["Roles"]}
    assert "of-the-other" not in names
    assert there.client("sts").get_caller_identity()["Account"] == OTHER


@pytest.mark.parametrize(
    ("condition", "actions", "claims", "taken"),
    [
        ({}, ["sts:AssumeRoleWithWebIdentity"], {}, True),
        ({}, ["sts:AssumeRoleWithWebIdentity"], {NAMED: "ann"}, False),
        ({}, ["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"], {NAMED: "ann"}, True),
        (
            {"Null": {"sts:SourceIdentity": "false"}},
            ["sts:AssumeRoleWithWebIdentity", "sts:SetSourceIdentity"],
            {},
            False,
        ),
    ],
    ids=["unnamed", "named in vain", "named", "unnamed in vain"],
)
def test_a_token_names_a_source_identity_where_the_trust_lets_it(
    account: Account,
    condition: dict[str, Any],
    actions: list[str],
    claims: dict[str, str],
    taken: bool,
) -> None:
    iam: Any = account.client("iam")
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
    known = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    if {"Arn": provider} not in known:
        iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["it"])
    document = trust(Federated=provider)
    document["Statement"] |= {"Action": actions, "Condition": condition}
    role = made(account, f"web-{abs(hash(str((condition, actions, claims))))}", document)
    token = account.web_identity_token(iss=f"https://{ISSUER}", aud="it", sub="ann", **claims)
    if taken:
        assert account.assume_by_token(role, token, session="it").session_token
    else:
        with pytest.raises(ClientError, match="AccessDenied"):
            account.assume_by_token(role, token, session="it")
