"""How statements become transactions: together, jointly, as one, or in parts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from database_users.desired import Database
from database_users.errors import RefusedStatementError
from database_users.plan import (
    Change,
    Failure,
    Finding,
    Phase,
    Plan,
    Planned,
    Statement,
    Step,
    Subjects,
    Transaction,
    as_one,
    jointly,
    parted,
    together,
)
from tests.desired import ORDERS, PAYROLL

FOUND = Finding("found")


def said(sql: str, objects: int = 1) -> Statement:
    return Statement("postgres", sql, f"{sql} is done", objects=objects)


def test_statements_together_are_one_transaction_and_findings_come_first():
    one, two = said("one"), said("two")
    of: Subjects = (("user", "reader"),)
    rivals = (name for name in ("reader", "owner"))
    assert list(together([one, FOUND, two], may_fail=True, of=of, rivals=rivals)) == [
        FOUND,
        Transaction((one, two), may_fail=True, of=of, rivals=("reader", "owner")),
    ]
    assert list(together([one])) == [Transaction((one,), may_fail=False)]
    assert list(together([FOUND])) == [FOUND]


def test_transactions_as_one_are_there_by_themselves_too_and_one_alone_stays_as_it_is():
    first = Transaction((said("one"), said("two")), of=(("database", "a"),), rivals=("x",))
    second = Transaction((said("three"),), of=(("database", "b"),))
    assert list(as_one([first, FOUND, second])) == [
        FOUND,
        Transaction(
            (said("one"), said("two"), said("three")),
            of=(("database", "a"), ("database", "b")),
            instead=(first, second),
        ),
    ]
    assert list(as_one([first, FOUND])) == [FOUND, first]
    assert list(as_one([FOUND])) == [FOUND]


@pytest.mark.parametrize("beside", [False, True])
def test_what_is_done_for_databases_jointly_is_there_for_each_of_them_too(beside: bool):
    def changes(databases: Sequence[Database]) -> Iterator[Change]:
        yield from (Finding(f"{one.name} is there") for one in databases)
        yield said(f"for {', '.join(one.name for one in databases)}")

    def alone(name: str) -> Transaction:
        return Transaction((said(f"for {name}"),), of=(("database", name),), beside=beside)

    both = [Finding("orders is there"), Finding("payroll is there")]
    assert list(jointly(changes, (ORDERS, PAYROLL), beside=beside)) == [
        *both,
        Transaction(
            (said("for orders, payroll"),),
            of=(("database", "orders"), ("database", "payroll")),
            instead=(alone("orders"), alone("payroll")),
            beside=beside,
        ),
    ]
    assert list(jointly(changes, (ORDERS,), beside=beside)) == [both[0], alone("orders")]
    assert list(jointly(changes, (), beside=beside)) == []


def test_what_is_to_be_done_for_one_of_the_databases_is_of_that_one_alone():
    def changes(databases: Sequence[Database]) -> Iterator[Change]:
        yield from (Finding(f"{one.name} is there") for one in databases)
        yield from (said(one.name) for one in databases if one == PAYROLL)

    planned: list[Planned] = [
        Finding("orders is there"),
        Finding("payroll is there"),
        Transaction((said("payroll"),), of=(("database", "payroll"),)),
    ]
    assert list(jointly(changes, (ORDERS, PAYROLL))) == planned


def test_it_is_joint_as_it_stands_for_all_and_not_as_a_sum_of_its_parts():
    third = replace(PAYROLL, name="third")

    def changes(databases: Sequence[Database]) -> Iterator[Change]:
        yield from (said(one.name) for one in reversed(databases) if one != ORDERS)

    (joint,) = jointly(changes, (ORDERS, PAYROLL, third))
    assert isinstance(joint, Transaction)
    assert joint.statements == (said("third"), said("payroll"))
    assert joint.of == (("database", "payroll"), ("database", "third"))


def test_changes_are_parted_where_the_objects_would_be_too_many():
    a, b, c = said("a", 2), said("b", 1), said("c", 2)
    assert list(parted([a, b, c], 3)) == [[a, b], [c]]
    assert list(parted([a, b, c], 2)) == [[a], [b], [c]]
    assert list(parted([a, b, c], 5)) == [[a, b, c]]
    assert list(parted([c, a, b, c], 3)) == [[c], [a, b], [c]]
    assert list(parted([], 3)) == []


def test_more_objects_than_there_may_be_are_a_part_of_their_own():
    much, little = said("much", 9), said("little")
    assert list(parted([little, much, little], 3)) == [[little], [much], [little]]
    assert list(parted([much], 3)) == [[much]]


def test_what_is_about_the_same_objects_stays_with_them_and_so_does_a_finding():
    a, again, b = said("a", 3), said("again", 0), said("b", 3)
    assert list(parted([a, again, FOUND, b, again], 3)) == [[a, again, FOUND], [b, again]]
    assert list(parted([FOUND, a, b], 3)) == [[FOUND, a], [b]]


def test_a_step_and_a_plan_tell_what_was_done_what_was_found_and_what_failed():
    done, failure = Transaction((said("one"), said("two"))), Failure(RefusedStatementError("no"))
    step = Step.of(Phase.INSIDE, [FOUND, done, failure])
    assert step == Step(Phase.INSIDE, (done,), (FOUND,), (failure,))
    unread = Step(Phase.INSIDE, unread="payroll")
    last = Step(Phase.OPEN, (Transaction((said("three"),)),))
    plan = Plan((), (step, unread, last))
    assert [one.sql for one in plan.statements()] == ["one", "two", "three"]
    assert plan.findings == (FOUND,)
    assert plan.failures == (failure,)
    assert plan.databases == 2
    assert plan.unread == ("payroll",)


def test_sentences_are_one_printable_line():
    assert said("a\nb").sentence == r"a\u000ab is done"
    assert str(Finding("a\u202eb")) == r"a\u202eb"
