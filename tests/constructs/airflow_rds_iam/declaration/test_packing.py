import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_rds_iam.declaration.packing import packed

LIMIT = 100
NAMES = st.text("abcdefghij", min_size=1, max_size=8)
SIZES = st.dictionaries(NAMES, st.integers(5, 40), max_size=60)


def group_of(groups: dict[str, list[str]]) -> dict[str, str]:
    return {name: group for group, names in groups.items() for name in names}


@given(sizes=SIZES)
def test_each_name_is_in_one_group_and_no_group_is_too_large(sizes: dict[str, int]) -> None:
    groups = packed(sizes, limit=LIMIT)
    assert sorted(name for names in groups.values() for name in names) == sorted(sizes)
    assert all(groups.values()) or not sizes
    assert all(sum(sizes[name] for name in names) <= LIMIT for names in groups.values())


@given(sizes=SIZES)
def test_what_fits_into_one_group_is_in_the_first(sizes: dict[str, int]) -> None:
    groups = packed(sizes, limit=sum(sizes.values()))
    assert groups == {"": list(sizes)}


@given(sizes=SIZES, name=NAMES, size=st.integers(5, 20))
def test_one_more_changes_its_own_group_and_makes_others_of_that_alone(
    sizes: dict[str, int], name: str, size: int
) -> None:
    others = {one: many for one, many in sizes.items() if one != name}
    before, after = packed(others, limit=LIMIT), packed({**others, name: size}, limit=LIMIT)
    changed = {group for group in before if after.get(group) != before[group]}
    assert len(changed) <= 1
    moved = {
        group_of(before)[one]
        for one, group in group_of(after).items()
        if one != name and group_of(before)[one] != group
    }
    assert moved <= changed


@given(sizes=SIZES)
def test_the_order_of_what_is_declared_decides_nothing(sizes: dict[str, int]) -> None:
    backwards = packed(dict(reversed(sizes.items())), limit=LIMIT)
    assert group_of(backwards) == group_of(packed(sizes, limit=LIMIT))


def test_a_half_is_named_after_what_it_was_split_from() -> None:
    sizes = {f"database_{number}": 10 for number in range(80)}
    groups = packed(sizes, limit=LIMIT)
    assert len(groups) > 8
    for group in groups:
        assert not group or group[:-1].rstrip("0") in groups


def test_one_that_fits_into_none_is_refused() -> None:
    with pytest.raises(ValueError, match="orders: 101 characters; 100 are allowed"):
        packed({"orders": 101}, limit=LIMIT)
