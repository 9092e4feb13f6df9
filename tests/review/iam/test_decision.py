from collections.abc import Sequence
from typing import Any

import pytest

from review.iam.context import Context
from review.iam.decision import Answer, Policies, Request, decide
from review.iam.matching import token
from review.iam.policy import Policy, Source, policy, unreadable
from review.iam.principals import Principal

ALLOWED, DENIED, UNKNOWN = Answer.ALLOWED, Answer.DENIED, Answer.UNKNOWN
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/people/analyst"
SERVER = token("dev-database/Instance.DbiResourceId")
USERS = f"arn:aws:rds-db:eu-central-1:{ACCOUNT}:dbuser"
USER = f"{USERS}:{SERVER}/analyst_orders_read"
VERSION = "2012-10-17"


def made_of(*statements: dict[str, Any], version: str | None = VERSION) -> Policy:
    document = {"Statement": [{"Effect": "Allow", **one} for one in statements]}
    return policy(document | ({"Version": version} if version else {}), Source(stack="test"))


def connecting(resource: Any, **rest: Any) -> dict[str, Any]:
    return {"Action": "rds-db:connect", "Resource": resource, **rest}


def answer(
    *identity: Policy,
    action: str = "rds-db:connect",
    resource: str = USER,
    context: Context | None = None,
    principal: Principal | None = None,
    resource_policies: Sequence[Policy] = (),
    **others: Any,
) -> Answer:
    request = Request(
        principal=principal or Principal(arn=ROLE, account=ACCOUNT),
        action=action,
        resource=resource,
        context=context or Context(complete=True),
    )
    return decide(request, Policies(identity=identity, resource=resource_policies, **others)).answer


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (connecting(USER), ALLOWED),
        (connecting(f"{USERS}:{SERVER}/analyst_orders_write"), DENIED),
        (connecting(f"{USERS}:*/analyst_orders_read"), ALLOWED),
        (connecting(f"{USERS}:{SERVER}/analyst_*"), ALLOWED),
        (connecting(f"{USERS}:{SERVER}/analyst_orders_rea?"), ALLOWED),
        (connecting("*"), ALLOWED),
        (connecting([f"{USERS}:db-A/other", USER]), ALLOWED),
        (connecting(f"{USERS}:db-ABC/analyst_orders_read"), UNKNOWN),
        (connecting(token("Parameter", kind="?")), UNKNOWN),
        ({"Action": "RDS-DB:Connect", "Resource": USER}, ALLOWED),
        ({"Action": ["rds:*", "rds-db:c*"], "Resource": "*"}, ALLOWED),
        ({"Action": "*", "Resource": "*"}, ALLOWED),
        ({"Action": "rds:*", "Resource": "*"}, DENIED),
        ({"NotAction": "iam:*", "Resource": "*"}, ALLOWED),
        ({"NotAction": ["iam:*", "rds-db:*"], "Resource": "*"}, DENIED),
        ({"Action": "rds-db:connect", "NotResource": f"{USERS}:*/administrator"}, ALLOWED),
        ({"Action": "rds-db:connect", "NotResource": f"{USERS}:*"}, DENIED),
        ({"Action": "rds-db:connect", "NotResource": f"{USERS}:db-1/*"}, UNKNOWN),
        ({"Fn::If": ["Condition", "one", "other"]}, UNKNOWN),
    ],
)
def test_a_statement_allows_what_it_names(statement: dict[str, Any], expected: Answer) -> None:
    given = policy({"Version": VERSION, "Statement": statement}, Source())
    if "Action" in statement or "NotAction" in statement:
        given = made_of(statement)
    assert answer(given) is expected


def test_nothing_allows_what_no_policy_names() -> None:
    assert answer() is DENIED


def test_a_denial_outweighs_every_permission() -> None:
    deny = made_of({"Effect": "Deny", "Action": "rds-db:*", "Resource": "*"})
    decision = decide(
        Request(
            principal=Principal(arn=ROLE, account=ACCOUNT), action="rds-db:connect", resource=USER
        ),
        Policies(identity=[made_of(connecting("*")), deny]),
    )
    assert decision.answer is DENIED
    assert decision.statements == deny.statements


def test_a_denial_that_may_apply_leaves_the_answer_open() -> None:
    deny = made_of(connecting(f"{USERS}:db-1/*", Effect="Deny"))
    assert answer(made_of(connecting("*")), deny) is UNKNOWN
    assert answer(deny) is DENIED


def test_a_policy_that_is_not_in_the_templates_leaves_the_answer_open() -> None:
    assert answer(unreadable(Source())) is UNKNOWN
    assert answer(unreadable(Source()), made_of(connecting("*"))) is UNKNOWN
    deny = made_of(connecting("*", Effect="Deny"))
    assert answer(unreadable(Source()), deny) is DENIED


def test_a_wildcard_within_a_part_of_an_arn_is_not_known_to_reach_beyond_its_colon() -> None:
    assert answer(made_of(connecting("arn:aws:rds-db:*"))) is ALLOWED
    assert answer(made_of(connecting("arn:aws:rds-db:*/analyst_orders_read"))) is UNKNOWN


def test_a_boundary_allows_no_more_than_it_names_and_grants_nothing() -> None:
    all_of_rds = made_of({"Action": "rds-db:*", "Resource": "*"})
    only_s3 = made_of({"Action": "s3:*", "Resource": "*"})
    grant = made_of(connecting(USER))
    assert answer(grant, ceilings=[[all_of_rds]]) is ALLOWED
    assert answer(grant, ceilings=[[only_s3]]) is DENIED
    assert answer(grant, ceilings=[[unreadable(Source())]]) is UNKNOWN
    assert answer(grant, ceilings=[[all_of_rds], [only_s3]]) is DENIED
    assert answer(ceilings=[[all_of_rds]]) is DENIED


@pytest.mark.parametrize("variable", ["${aws:username}", "${aws:PrincipalTag/database}"])
def test_a_policy_variable_is_its_value_where_that_is_known(variable: str) -> None:
    grant = made_of(connecting(f"{USERS}:*/{variable}_orders_read"))
    key = variable.strip("${}")
    assert answer(grant, context=Context({key: "analyst"})) is ALLOWED
    assert answer(grant, context=Context({key: "shop"})) is DENIED
    assert answer(grant, context=Context()) is UNKNOWN
    assert answer(grant, context=Context(complete=True)) is DENIED


def test_a_policy_variable_may_have_a_default_and_stand_for_a_wildcard_itself() -> None:
    default = made_of(connecting(f"{USERS}:*/${{aws:PrincipalTag/team, 'analyst'}}_orders_read"))
    assert answer(default) is ALLOWED
    assert answer(made_of(connecting(f"{USERS}:${{*}}/analyst_orders_read"))) is UNKNOWN
    assert answer(made_of(connecting("${*}"))) is DENIED


def test_a_value_brings_no_wildcard_of_its_own() -> None:
    grant = made_of(connecting(f"{USERS}:{SERVER}/${{aws:username}}"))
    assert answer(grant, context=Context({"aws:username": "*"})) is DENIED


def test_the_old_version_of_policies_knows_no_variables() -> None:
    grant = made_of(connecting(f"{USERS}:*/${{aws:username}}"), version="2008-10-17")
    assert answer(grant, context=Context({"aws:username": "analyst_orders_read"})) is DENIED


DAGS = "arn:aws:s3:::bucket/dags/a.py"
PUT = {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*"}


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", ALLOWED),
        ({"AWS": "*"}, ALLOWED),
        ({"AWS": ROLE}, ALLOWED),
        ({"AWS": ["arn:aws:iam::111122223333:role/other", ROLE]}, ALLOWED),
        ({"AWS": "arn:aws:iam::111122223333:role/other"}, DENIED),
        # Naming the account leaves it to the identity's policies, and there is none.
        ({"AWS": ACCOUNT}, DENIED),
        ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, DENIED),
        ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/analyst/somebody"}, UNKNOWN),
        ({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/other/somebody"}, DENIED),
        ({"Service": "lambda.amazonaws.com"}, DENIED),
        ({"AWS": token("Parameter", kind="?")}, UNKNOWN),
    ],
)
def test_a_policy_of_the_resource_grants_to_whom_it_names(principal: Any, expected: Answer) -> None:
    resource = [made_of(PUT | {"Principal": principal})]
    assert answer(action="s3:PutObject", resource=DAGS, resource_policies=resource) is expected


def test_a_policy_of_the_resource_denies_whom_it_does_not_name() -> None:
    deny = made_of(PUT | {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}})
    other = Principal(arn=f"arn:aws:iam::{ACCOUNT}:role/other", account=ACCOUNT)
    grant = made_of(PUT)
    arguments: dict[str, Any] = {"action": "s3:PutObject", "resource": DAGS}
    assert answer(grant, **arguments, resource_policies=[deny]) is ALLOWED
    assert answer(grant, **arguments, resource_policies=[deny], principal=other) is DENIED


ASSUME: dict[str, Any] = {"Action": "sts:AssumeRole"}
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"


def assumed(*identity: Policy, trusts: Any, account: str = ACCOUNT, **rest: Any) -> Answer:
    return answer(
        *identity,
        action="sts:AssumeRole",
        resource=TARGET,
        principal=Principal(arn=ROLE.replace(ACCOUNT, account), account=account),
        resource_policies=[made_of(ASSUME | {"Principal": trusts})],
        resource_account=ACCOUNT,
        resource_decides=True,
        **rest,
    )


def test_a_role_is_assumed_by_whom_its_trust_names_or_whose_account_may_decide() -> None:
    may = made_of(ASSUME | {"Resource": TARGET})
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert assumed(trusts={"AWS": ROLE}) is ALLOWED
    assert assumed(trusts=root) is DENIED
    assert assumed(may, trusts=root) is ALLOWED
    assert assumed(may, trusts={"Service": "lambda.amazonaws.com"}) is DENIED


def test_across_accounts_both_sides_must_allow() -> None:
    may = made_of(ASSUME | {"Resource": TARGET})
    other = {"AWS": "444455556666"}
    assert assumed(trusts=other, account="444455556666") is DENIED
    assert assumed(may, trusts=other, account="444455556666") is ALLOWED
    assert assumed(may, trusts={"AWS": ACCOUNT}, account="444455556666") is DENIED


def test_a_service_needs_its_name_in_the_policy_of_the_resource() -> None:
    service = Principal(service="lambda.amazonaws.com")
    trust = [made_of(ASSUME | {"Principal": {"Service": "lambda.amazonaws.com"}})]
    arguments: dict[str, Any] = {"action": "sts:AssumeRole", "resource": TARGET}
    assert answer(**arguments, principal=service, resource_policies=trust) is ALLOWED
    service = Principal(service="airflow.amazonaws.com")
    assert answer(**arguments, principal=service, resource_policies=trust) is DENIED
