"""From one layout of policies to another, as CloudFormation goes: whatever it makes or changes
comes in an order that keeps to the dependencies, and whatever it removes comes last."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_rds_iam.declaration.databases import LEVELS, Level
from airflow_rds_iam.declaration.grants import Grant
from airflow_rds_iam.declaration.identities import Identity, Layout
from airflow_rds_iam.declaration.policies import CHANGING, first, login_policies, packed_logins

QUOTA = 10
Held = dict[str, set[str]]


def policies(layout: Layout, count: int, start: int = 0) -> Held:
    """The users by policy, of an identity with so many databases."""
    identity = Identity(role_arn="arn:aws:iam::111122223333:role/shop", policies=layout)
    granted = [
        Grant(identity="shop", instance="warehouse", database=f"sales_{number:03}", level="read")
        for number in range(start, start + count)
    ]
    found = login_policies(identity, granted)
    return {name: {grant.user for grant in grants} for name, grants in found.items()}


def steps(before: Held, after: Held, data: st.DataObject) -> Iterator[Held]:
    """What the role holds after each step."""
    held, waiting = dict(before), set(after)
    while waiting:
        ready = sorted(name for name in waiting if not waiting & set(first(after, name)))
        name = data.draw(st.sampled_from(ready))
        waiting.remove(name)
        held = {**held, name: after[name]}
        yield held
    for name in data.draw(st.permutations(sorted(set(before) - set(after)))):
        held = {one: users for one, users in held.items() if one != name}
        yield held


def users(held: Held) -> set[str]:
    return {user for one in held.values() for user in one}


@given(data=st.data(), count=st.integers(1, QUOTA), to=st.sampled_from(["separate", "packed"]))
def test_from_one_layout_to_the_other_nobody_waits_and_no_quota_is_passed(
    data: st.DataObject, count: int, to: Layout
) -> None:
    before = policies("packed" if to == "separate" else "separate", count)
    after = policies(to, count)
    for held in steps(before, after, data):
        assert users(held) >= users(before)
        assert len(held) <= QUOTA
    assert users(after) == users(before)


@settings(max_examples=50)
@given(data=st.data(), count=st.integers(1, 300))
def test_a_database_more_or_less_takes_access_to_no_other(data: st.DataObject, count: int) -> None:
    start = data.draw(st.integers(0, 1))
    before, after = policies("packed", count), policies("packed", count - start + 1, start=start)
    for held in steps(before, after, data):
        assert users(held) >= users(before) & users(after)


@settings(max_examples=50)
@given(data=st.data(), count=st.integers(1, 100))
def test_airflow_may_log_in_as_its_old_user_and_its_new_one_until_all_else_is_done(
    data: st.DataObject, count: int
) -> None:
    before: list[Level] = data.draw(
        st.lists(st.sampled_from(LEVELS), min_size=count, max_size=count)
    )
    after = before.copy()
    after[data.draw(st.integers(0, count - 1))] = data.draw(st.sampled_from(LEVELS))
    old, new = (airflows(one) for one in (before, after))
    # Of another description it is another policy, made before any connection is changed.
    held = {**{f"old {name}": found for name, found in old.items()}, **new}
    assert users(held) >= users(old) | users(new)
    anew = [name for name in new if new[name] != old.get(name)]
    assert len(anew) <= CHANGING


def airflows(levels: list[Level]) -> Held:
    granted = [
        Grant(identity="airflow", instance="warehouse", database=f"d_{number}", level=level)
        for number, level in enumerate(levels)
    ]
    return {name: {one.user for one in found} for name, found in packed_logins(granted).items()}


@pytest.mark.parametrize("count", [10, 100, 299])
def test_a_database_more_changes_two_policies_at_most(count: int) -> None:
    before, after = policies("packed", count), policies("packed", count + 1)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert len(changed) <= 2


names = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True) | st.sampled_from(
    ["on", "a_on", "a"]
)
servers = st.from_regex(r"[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,3})?", fullmatch=True) | st.sampled_from(
    ["on", "on-a", "a"]
)


@given(st.sets(st.tuples(servers, names), max_size=30))
def test_each_database_has_a_statement_of_its_own_name(places: set[tuple[str, str]]) -> None:
    found = {
        Grant(identity="shop", instance=server, database=database, level="read").sid
        for server, database in places
    }
    assert len(found) == len(places)
    assert all(sid.isalnum() and sid.isascii() and sid.startswith("Read") for sid in found)


def test_a_statement_names_level_database_and_server() -> None:
    grant = Grant(identity="shop", instance="dw-eu", database="sales_leads", level="own")
    assert grant.sid == "OwnSalesLeadsOnDwEu"
