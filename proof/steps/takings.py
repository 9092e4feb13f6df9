"""Who is not given a role that is made for an identity, each as somebody would try to take it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from proof import kinds
from proof.account import Credentials
from proof.declared import AIRFLOW
from proof.deployment import Deployment
from proof.kinds import IDENTITIES, LOADER, PARTNER, PEOPLE, PROOF, TASK
from proof.shop import IDENTITY as SHOP

NOT_TRUSTED = "AccessDenied"
NO_TOKEN_OF_OURS = "InvalidIdentityToken"  # noqa: S105 an error's code
EXPIRED = "ExpiredTokenException"


class Take(Protocol):
    """A way to take a role."""

    def __call__(self, role_arn: str, *, session: str) -> Credentials:
        """Take it in a session of that name; ClientError if it is not given."""
        ...


@dataclass(frozen=True, kw_only=True)
class Taking:
    """A try at the role of an identity."""

    identity: str
    what: str
    take: Take
    session: str = PROOF
    reason: str = NOT_TRUSTED
    """The code of the error with which STS refuses."""


def takings(deployment: Deployment) -> Iterator[Taking]:
    """Every try: each has all but one thing that it must have."""
    yield from _of_the_other_account(deployment)
    yield from _of_the_tasks(deployment)
    for identity, another in ((PEOPLE, LOADER), (LOADER, PEOPLE)):
        for what, token, reason in _tokens(deployment, identity, another):
            take = partial(deployment.account.assume_by_token, token=token)
            yield Taking(identity=identity, what=what, take=take, reason=reason)


def _of_the_other_account(deployment: Deployment) -> Iterator[Taking]:
    account, declared = deployment.account, IDENTITIES[PARTNER]["other_account"]
    arn, said = declared["role_arn"], declared["external_id"]
    etl = kinds.role_elsewhere(account, arn)
    other = kinds.role_elsewhere(account, arn.replace("role/etl", "role/other"))
    namesake = kinds.role_elsewhere(account, arn.replace("444455556666", "777788889999"))
    for what, credentials, external_id in (
        ("it without an external id", etl, None),
        ("it with another's", etl, "of-another-contract"),
        ("it with one that the right one begins with", etl, said[:-1]),
        ("another role of its account", other, said),
        ("a role of its name in a third account", namesake, said),
        ("this account's administrator", account.administrator, said),
        ("a role of this account", deployment.identity(SHOP).credentials, said),
        ("Airflow's tasks", deployment.identity(AIRFLOW).credentials, said),
    ):
        take = partial(account.assume, credentials=credentials, external_id=external_id)
        yield Taking(identity=PARTNER, what=what, take=take)


def _of_the_tasks(deployment: Deployment) -> Iterator[Taking]:
    account, session = deployment.account, kinds.task_session(TASK)
    for what, credentials, called in (
        ("a session of another name", deployment.identity(AIRFLOW).credentials, PROOF),
        ("this account's administrator", account.administrator, session),
        ("a role of this account", deployment.identity(SHOP).credentials, session),
    ):
        take = partial(account.assume, credentials=credentials)
        yield Taking(identity=TASK, what=what, take=take, session=called)


def _tokens(deployment: Deployment, identity: str, another: str) -> Iterator[tuple[str, str, str]]:
    """Tokens that are no good for an identity: what is wrong, the token, STS's code."""
    signed = deployment.account.web_identity_token
    good, others = (kinds.claims(IDENTITIES[one]) for one in (identity, another))
    subject = good["sub"]
    wrong: tuple[tuple[str, Mapping[str, Any], str], ...] = (
        ("another subject", {"sub": f"{subject[:-1]}x"}, NOT_TRUSTED),
        ("a subject that begins with it", {"sub": f"{subject}x"}, NOT_TRUSTED),
        ("the subject in other letters", {"sub": subject.upper()}, NOT_TRUSTED),
        ("another identity's token", others, NOT_TRUSTED),
        ("another audience", {"aud": "another"}, NO_TOKEN_OF_OURS),
        ("an issuer that is not known", {"iss": "https://example.org"}, NO_TOKEN_OF_OURS),
        ("a token that expired", {"exp": time.time() - 1}, EXPIRED),
    )
    for what, changed, reason in wrong:
        yield what, signed(**{**good, **changed}), reason
    header, payload, _ = signed(**good).split(".")
    _, _, signature = signed(**others).split(".")
    yield "another token's signature", f"{header}.{payload}.{signature}", NO_TOKEN_OF_OURS
    if kinds.SOURCE in good:
        unnamed = {name: value for name, value in good.items() if name != kinds.SOURCE}
        yield "a token that names no person", signed(**unnamed), NOT_TRUSTED
