"""Who would come to be in `rds_iam` with a plan, and must not."""

from dataclasses import replace

import pytest

from database_users.errors import LockoutError
from database_users.postgres.catalog.server import (
    Role,
)
from database_users.postgres.comparison import Comparison
from database_users.postgres.planners.lockout import lockout_findings, refuse_lockouts
from tests.catalogs import ORDERS, PAYROLL, member, server_of


def test_who_is_in_rds_iam_by_mistake_is_reported_and_nobody_else():
    server = server_of(ORDERS)
    server = replace(
        server,
        roles=server.roles
        | {
            "a_team": Role("a_team"),
            "dba": Role("dba", can_login=True, create_role=True),
            "human": Role("human", can_login=True),
            "password": Role("password", can_login=True),
        },
        memberships=(
            *server.memberships,
            member("rds_iam", "human"),
            member("rds_iam", "dba"),
            member("reader", "a_team"),
            member("a_team", "password"),
        ),
    )
    reason = "it can log in with a token alone, and its password is off"
    comparison = Comparison((ORDERS,), server)
    refuse_lockouts(comparison)
    assert [finding.sentence for finding in lockout_findings(comparison)] == [
        f"dba is in rds_iam by dba > rds_iam: {reason}",
        f"password is in rds_iam by password > a_team > reader > rds_iam: {reason}",
    ]


def test_who_made_a_login_user_by_hand_is_not_locked_out():
    server = server_of()
    server = replace(
        server,
        roles=server.roles | {"reader": Role("reader", True), "dba": Role("dba", True)},
        memberships=(*server.memberships, member("reader", "dba", "x", admin=True, inherit=False)),
    )
    with pytest.raises(LockoutError, match="dba is a member of reader"):
        refuse_lockouts(Comparison((ORDERS,), server))
    refuse_lockouts(Comparison((PAYROLL,), server))


@pytest.mark.parametrize("name", ["owner", "o_owner", "o_reader"])
@pytest.mark.parametrize("attribute", ["superuser", "create_role"])
def test_an_administrator_is_never_taken_over(name: str, attribute: str):
    server = server_of()
    role = Role(name, **{attribute: True})
    why = "exists and is an administrator: it is not taken over; choose another name in the"
    remedy = "declaration, or take its rights away first$"
    with pytest.raises(LockoutError, match=f"{name} {why} {remedy}"):
        refuse_lockouts(Comparison((ORDERS,), replace(server, roles=server.roles | {name: role})))


def test_a_member_of_rds_superuser_is_an_administrator():
    server = replace(
        server_of(),
        memberships=(member("rds_superuser", "team"), member("team", "owner")),
        roles={"owner": Role("owner")},
    )
    with pytest.raises(LockoutError, match="owner exists and is an administrator"):
        refuse_lockouts(Comparison((ORDERS,), server))


def test_a_group_that_logs_nobody_in_may_come_to_be_in_rds_iam_and_an_administrator_may_not():
    server = server_of()
    in_team = member("reader", "team", "x", inherit=False)
    roles = server.roles | {"reader": Role("reader", True), "team": Role("team")}
    server = replace(server, roles=roles, memberships=(*server.memberships, in_team))
    refuse_lockouts(Comparison((ORDERS,), server))
    powerful = replace(server, roles=roles | {"team": Role("team", create_role=True)})
    with pytest.raises(LockoutError, match="REVOKE reader FROM team first"):
        refuse_lockouts(Comparison((ORDERS,), powerful))


def test_where_nobody_is_in_rds_iam_nobody_is_there_by_mistake():
    nobody = replace(server_of(), memberships=())
    assert list(lockout_findings(Comparison((ORDERS,), nobody))) == []
