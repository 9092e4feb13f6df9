"""Two faults at once, in the running local system: the doctor calls the first.

Each fault is in one pair or two, and in three or four with HYPOTHESIS_PROFILE=full.
"""

import os

import pytest

from proof.deployment import Deployment
from proof.faults.pairs import FAULTS, Pair, expected, possible, selection
from proof.steps import faults

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
CHOSEN = selection(80 if FULL else 40, seed=2026)


def test_each_fault_is_in_some_of_the_pairs() -> None:
    assert {fault.title for pair in CHOSEN for fault in pair} == {one.title for one in FAULTS}
    assert len([*possible()]) > 600


@pytest.mark.parametrize("pair", CHOSEN, ids=lambda pair: " + ".join(one.title for one in pair))
def test_of_two_faults_the_first_is_called(deployment: Deployment, pair: Pair) -> None:
    found = faults.pair_by_command(deployment, pair)
    for viewer, one in enumerate(found):
        assert one["cause"] in expected(pair, viewer), one
        assert faults.holds_no_token(one)
