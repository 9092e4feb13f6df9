import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.iam.matching import equals, matches, token
from review.iam.truth import NO, UNKNOWN, YES

ONE, OTHER = token("stack/One.DbiResourceId"), token("stack/Other.DbiResourceId")
PARAMETER = token("stack/Parameter", kind="?")


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("rds-db:*", "rds-db:connect", YES),
        ("rds-db:conn?ct", "rds-db:connect", YES),
        ("rds-db:?onnec", "rds-db:connect", NO),
        (f"dbuser:{ONE}/shop", f"dbuser:{ONE}/shop", YES),
        (f"dbuser:{ONE}/shop", f"dbuser:{OTHER}/shop", NO),
        (f"dbuser:{ONE}/shop", f"dbuser:{ONE}/shop2", NO),
        (f"dbuser:{ONE}/shop*", f"dbuser:{ONE}/shop2", YES),
        ("dbuser:*/shop", f"dbuser:{ONE}/shop", YES),
        ("dbuser:db-A1/shop", f"dbuser:{ONE}/shop", UNKNOWN),
        ("dbuser:db-*/shop", f"dbuser:{ONE}/shop", UNKNOWN),
        ("dbuser:db-A1/shop", f"dbuser:{ONE}/other", NO),
        (f"dbuser:{PARAMETER}/shop", f"dbuser:{ONE}/shop", UNKNOWN),
        (f"dbuser:{ONE}/{PARAMETER}", f"dbuser:{ONE}/shop", UNKNOWN),
        (PARAMETER, "arn:aws:rds-db:::dbuser:x/shop", UNKNOWN),
        # A name of a resource's own holds no separator.
        (ONE, "a/b", NO),
    ],
)
def test_a_pattern_matches_surely_not_at_all_or_perhaps(
    pattern: str, text: str, expected: object
) -> None:
    assert matches(pattern, text) is expected


def test_equality_knows_no_wildcard() -> None:
    assert equals("*", "*") is YES
    assert equals("*", "a") is NO
    assert equals("a?", "ab") is NO
    assert equals(PARAMETER, PARAMETER) is YES
    assert equals(PARAMETER, "a") is UNKNOWN


def pattern_of(parts: list[str]) -> "re.Pattern[str]":
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts), re.DOTALL)


# Few letters, so that much matches.
literals = st.sampled_from(["a", "b", "/"])
A, B, Q = token("s/A"), token("s/B"), token("q", kind="?")
# No resource's own name is part of another's.
VALUES = {A: ["x", "xa", "bxa"], B: ["y", "yb", "ayy"], Q: ["a", "b", "a/b", "x", "/"]}


@given(
    st.lists(literals | st.sampled_from(["*", "?", A, B, Q]), max_size=5),
    st.lists(literals | st.sampled_from([A, B, Q]), max_size=5),
)
def test_what_is_sure_holds_whatever_the_tokens_stand_for(
    pattern: list[str], text: list[str]
) -> None:
    found = matches("".join(pattern), "".join(text))
    for chosen in product(*VALUES.values()):
        value = dict(zip(VALUES, chosen, strict=True))
        known = pattern_of([value.get(part, part) for part in pattern])
        matched = known.fullmatch("".join(value.get(part, part) for part in text)) is not None
        if found is not UNKNOWN:
            assert matched == (found is YES), (pattern, text, value)
