"""Two faults at once, of which the doctor must call the first."""

import random
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import combinations

from proof.faults.all import OF_ROLES, OF_SERVERS, OF_THE_NETWORK, OF_THE_VPC, OF_USERS
from proof.faults.fault import Asked, Fault, Scene
from rds_login.cause_table import CAUSES, STEPS

FAULTS = (*OF_ROLES, *OF_THE_NETWORK, *OF_THE_VPC, *OF_SERVERS, *OF_USERS)
# A server that is stopped ends the sessions with which these are held, and undone.
_HELD_IN_SESSIONS = {"connections"} | {fault.of for fault in OF_USERS}
Pair = tuple[Fault, Fault]


def possible() -> Iterator[Pair]:
    """Each pair that can be brought about at once."""
    for one, other in combinations(FAULTS, 2):
        both = {one.of, other.of}
        undone = "process" in both and both & _HELD_IN_SESSIONS
        # Who is out of the owner's group can shut nobody out of its database.
        if one.of != other.of and not undone and both != {"group", "database"}:
            yield one, other


def selection(count: int, *, seed: int) -> list[Pair]:
    """Some of the pairs, each fault in as many as the next, and the same for the same seed."""
    pairs = [*possible()]
    random.Random(seed).shuffle(pairs)  # noqa: S311
    taken: list[Pair] = []
    times = dict.fromkeys((fault.title for fault in FAULTS), 0)
    while len(taken) < count:
        pair = min(pairs, key=lambda pair: sum(times[one.title] for one in pair))
        pairs.remove(pair)
        taken.append(pair)
        for one in pair:
            times[one.title] += 1
    return taken


@contextmanager
def injected(pair: Pair, scene: Scene) -> Generator[Asked]:
    """Both, the one that shows later first: whoever brings it about must still get in."""
    later, first = sorted(pair, key=lambda one: (-_step(one.known), -FAULTS.index(one)))
    with later.inject(scene) as one, first.inject(scene) as other:
        yield Asked(
            variables={**one.variables, **other.variables},
            minutes=one.minutes + other.minutes,
            resolves=one.resolves if other.resolves is None else other.resolves,
            leads_to=other.leads_to or one.leads_to,
            stands_at=other.stands_at or one.stands_at,
            arguments=(*one.arguments, *other.arguments),
        )


def expected(pair: Pair, viewer: int) -> set[str | None]:
    """What it may be called; the viewer is an index of `Fault.expected`.

    Of two that show at one step, either is the first.
    """
    called = [fault.expected[viewer] for fault in pair]
    # AWS may refuse the clock before it looks at the keys; and who is led elsewhere does not see
    # what the server does.
    if {fault.of for fault in pair} in ({"credentials", "clock"}, {"address", "process"}):
        return {*called}
    first = min(map(_step, called))
    same = [fault for fault in pair if _step(fault.expected[viewer]) == first]
    if len(same) == 1:
        # To a clock that is wrong AWS tells no more than to who may ask nothing.
        wrong_clock = same[0].of != "clock" and "clock" in {fault.of for fault in pair}
        return {same[0].expected[1 if wrong_clock else viewer]}
    # The one may hide what would tell more of the other.
    return {cause for fault in same for cause in fault.expected[:2] if _step(cause) == first}


def _step(cause: str | None) -> int:
    return STEPS.index(CAUSES[str(cause)].step)
