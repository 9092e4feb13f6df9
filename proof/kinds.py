"""Identities of every kind that somebody can play here, each let in as its owner lets it in.

Whom SAML, IAM Identity Center and EKS Pod Identity let in comes by their own services, which are
not here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from proof.account import Account, Credentials, allowing

PROOF = "proof"
"""Name of the sessions that logins are tried with: theirs may be refused."""
PARTNER, PEOPLE, LOADER, TASK = "partner", "people", "loader", "invoices"
IDENTITIES: dict[str, dict[str, Any]] = {
    PARTNER: {
        "other_account": {
            "role_arn": "arn:aws:iam::444455556666:role/etl",
            "external_id": "of-the-contract",
        }
    },
    PEOPLE: {
        "oidc": {
            "issuer": "https://example.okta.com/oauth2/default",
            "audience": "warehouse",
            "subjects": ["ann@example.com", "bob@example.com"],
            "provider": "made",
        }
    },
    LOADER: {
        "kubernetes": {
            "namespace": "etl",
            "service_account": "loader",
            "issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C",
            "provider": "made",
        }
    },
    TASK: {"task_role": True},
}
DATABASES = {
    "orders": {"read": [PARTNER], "write": [LOADER]},
    "reports": {"read": [PEOPLE]},
    "payroll": {"read": [TASK]},
}
"""Who of them is let in where, by level."""
PODS = "sts.amazonaws.com"
"""The audience of tokens for service accounts ("IAM roles for service accounts")."""
SOURCE = "https://aws.amazon.com/source_identity"


def task_session(identity: str) -> str:
    """What a session of the role of Airflow's tasks must be called."""
    return f"airflow-{identity}"


def claims(identity: Mapping[str, Any]) -> dict[str, str]:
    """What a provider's token says of an identity that it vouches for; LookupError if none does."""
    match identity:
        case {"oidc": {"issuer": issuer, "audience": audience, "subjects": [subject, *_]}}:
            return {"iss": issuer, "aud": audience, "sub": subject, SOURCE: subject}
        case {"kubernetes": {"issuer": issuer, "namespace": space, "service_account": name}}:
            return {"iss": issuer, "aud": PODS, "sub": f"system:serviceaccount:{space}:{name}"}
        case _:
            raise LookupError(f"{', '.join(identity)}: who it is comes by a service not run here")


def role_elsewhere(account: Account, role_arn: str) -> Credentials:
    """A session of another account's role, which is made and may take every role that trusts it."""
    there, name = account.other(role_arn.split(":")[4]), role_arn.rpartition("/")[2]
    iam = there.client("iam")
    if name not in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
        there.make_role(role_arn)
        policy = allowing("sts:AssumeRole")
        iam.put_role_policy(RoleName=name, PolicyName="takes", PolicyDocument=policy)
    return there.assume(role_arn, session=PROOF)


def assume(
    account: Account,
    role_arn: str,
    name: str,
    identity: Mapping[str, Any],
    *,
    tasks: Callable[[], Credentials],
) -> Credentials:
    """A session of the role that was made for an identity.

    Args:
        account: that has the role.
        role_arn: the role's.
        name: the identity's.
        identity: as declared.
        tasks: gives the session that Airflow's tasks have.

    Raises:
        LookupError: nobody can be this identity here.
        ClientError: the role is not given.
    """
    match identity:
        case {"other_account": {"role_arn": theirs, "external_id": said}}:
            outside = role_elsewhere(account, theirs)
            return account.assume(role_arn, session=PROOF, credentials=outside, external_id=said)
        case {"task_role": True}:
            return account.assume(role_arn, session=task_session(name), credentials=tasks())
        case _:
            token = account.web_identity_token(**claims(identity))
            return account.assume_by_token(role_arn, token, session=PROOF)
