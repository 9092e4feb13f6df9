"""The difference between two reviews."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from review.declared import Declared
from review.difference.model import Change, Difference, Direction
from review.matrix.model import Row
from review.reports import Review
from review.templates.airflow_page import reached_from
from review.templates.servers import LEVELS, MASTER

_MAY = {"allowed": "may", "unknown": "may, as far as can be told,"}
_RANK = {level: rank for rank, level in enumerate((*LEVELS, MASTER))}

_Place = tuple[str, str, str]
"""Identity, server and database."""


def difference(before: Review, after: Review) -> Difference:
    """What changes from one to the other."""
    changes = [
        *_access(_held(before), _held(after)),
        *_terms(before.declared, after.declared),
        *_trust(before, after),
        *_sets("network", _openings(before), _openings(after)),
        *_sets("network", _open_pages(before), _open_pages(after)),
        *_sets("guardrails", _broken(before), _broken(after)),
        *_sets("guardrails", _unasked(before, after), _unasked(after, before)),
        *_sets("who else could", _paths(before), _paths(after)),
    ]
    order = list(Direction)
    changes.sort(key=lambda one: order.index(one.direction))
    return Difference(changes=changes, environment=after.declared.environment)


def _held(review: Review) -> dict[_Place, list[Row]]:
    held: dict[_Place, list[Row]] = {}
    for row in review.matrix.rows:
        if row.iam != "denied":
            held.setdefault((row.identity, row.server, row.database), []).append(row)
    return held


def _access(
    before: Mapping[_Place, list[Row]], after: Mapping[_Place, list[Row]]
) -> Iterator[Change]:
    gone: list[Row] = []
    come: list[Row] = []
    for place in dict.fromkeys([*before, *after]):
        old = {(row.user, row.level): row for row in before.get(place, [])}
        new = {(row.user, row.level): row for row in after.get(place, [])}
        for key in old.keys() & new.keys():
            yield from _same(old[key], new[key])
        lost = [row for key, row in old.items() if key not in new]
        won = [row for key, row in new.items() if key not in old]
        if len(lost) == len(won) == 1 and {lost[0].level, won[0].level} <= _RANK.keys():
            yield _other_level(lost[0], won[0])
        else:
            gone += lost
            come += won
    for row in come:
        moved = [
            one
            for one in gone
            if (one.identity, one.database, one.level) == (row.identity, row.database, row.level)
        ]
        if moved:
            gone.remove(moved[0])
            where = f"on {row.server}, and no longer on {moved[0].server}"
            sentence = f"{row.identity} may {row.level} {row.database} {where}"
            yield Change(direction=Direction.MOVED, about="access", sentence=sentence)
        else:
            yield Change(direction=Direction.WIDER, about="access", sentence=_sentence(row))
    for row in gone:
        sentence = f"{_sentence(row)}; its sessions will end"
        yield Change(direction=Direction.NARROWER, about="access", sentence=sentence)


def _sentence(row: Row) -> str:
    return f"{row.identity} {_MAY[row.iam]} {row.level} {row.database} ({row.server})"


def _other_level(old: Row, new: Row) -> Change:
    wider = _RANK[new.level] > _RANK[old.level]
    sentence = f"{_sentence(new)}, and no longer {'just ' if wider else ''}{old.level}"
    return Change(
        direction=Direction.WIDER if wider else Direction.NARROWER,
        about="access",
        sentence=sentence if wider else f"{sentence}; its sessions will end",
    )


def _same(old: Row, new: Row) -> Iterator[Change]:
    if (old.iam, new.iam) == ("unknown", "allowed"):
        yield Change(direction=Direction.WIDER, about="access", sentence=_sentence(new))
    if (old.iam, new.iam) == ("allowed", "unknown"):
        yield Change(direction=Direction.MOVED, about="access", sentence=_sentence(new))


def _terms(before: Declared, after: Declared) -> Iterator[Change]:
    """Access that is the same, and ends on another day."""
    old = {(one.server, one.user): one.until for one in before.grants}
    for grant in after.grants:
        key = (grant.server, grant.user)
        if key not in old or old[key] == grant.until:
            continue
        was, now = old[key], grant.until
        yield Change(
            direction=Direction.WIDER
            if now is None or (was is not None and now > was)
            else Direction.NARROWER,
            about="terms",
            sentence=f"{grant.identity} may {grant.level} {grant.database} ({grant.server}) "
            f"{_until(now)}, and no longer {_until(was)}",
        )


def _until(day: date | None) -> str:
    return f"until {day}" if day else "without an end"


def _trust(before: Review, after: Review) -> Iterator[Change]:
    """Who may become an identity, and which role it is."""
    old = {row.identity: row for row in before.matrix.rows if row.principal}
    new = {row.identity: row for row in after.matrix.rows if row.principal}
    for name in old.keys() & new.keys():
        # A construct that moved has another logical id, and is the same role.
        one, other = (re.sub("⟨[^⟩]*⟩", "⟨⟩", row.principal) for row in (old[name], new[name]))
        if one != other:
            sentence = f"{name} is now {new[name].principal}, and no longer {old[name].principal}"
            yield Change(direction=Direction.MOVED, about="trust", sentence=sentence)
        yield from _sets(
            "trust",
            {f"{each} may become {name}" for each in old[name].trust},
            {f"{each} may become {name}" for each in new[name].trust},
        )


def _openings(review: Review) -> set[str]:
    return {
        f"{_source(one.source)} may reach the port of {server.name}"
        for server in review.access.servers
        for one in review.access.openings[server.resource_id]
    }


def _open_pages(review: Review) -> set[str]:
    return {
        f"the internet may reach Airflow's page of {one.properties.get('Name', one.place)}"
        for one in review.access.assembly.of_type("AWS::MWAA::Environment")
        if reached_from(one) - {"private"}
    }


def _source(source: str) -> str:
    group = re.fullmatch(r"⟨(.+)\.GroupId⟩", source)
    return f"the security group {group[1]}" if group else source


def _broken(review: Review) -> set[str]:
    return {
        f"{one.title}: not so, {one.violation.message}"
        for one in review.guardrails
        if one.violation.level == "error"
    }


def _unasked(review: Review, other: Review) -> set[str]:
    """What the other is held against, and this one is not any more."""
    if not review.access.assembly.stacks:
        return set()
    rules = [one for one in other.declared.rules if one not in review.declared.rules]
    packs = [one for one in other.declared.packs if one not in review.declared.packs]
    return {
        *(f"nothing is held any more against the rule: {one.name}" for one in rules),
        *(f"nothing is held any more against cdk-nag's pack {one}" for one in packs),
    }


def _paths(review: Review) -> set[str]:
    return {
        f"{one.who} could {one.how}{' perhaps' if one.answer == 'unknown' else ''}, and so come "
        f"by the access of {', '.join(one.reaches)}"
        for one in review.paths
    }


def _sets(about: str, before: Iterable[str], after: Iterable[str]) -> Iterator[Change]:
    old, new = set(before), set(after)
    for sentence in sorted(new - old):
        yield Change(direction=Direction.WIDER, about=about, sentence=sentence)
    for sentence in sorted(old - new):
        yield Change(direction=Direction.NARROWER, about=about, sentence=sentence)
