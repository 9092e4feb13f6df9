"""Who may go which way to a grant."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from review.bootstrap import deploying
from review.declared import Declared
from review.iam.decision import Answer, Decision, Policies, Request, decide
from review.iam.policy import Source, unreadable
from review.iam.principals import named, named_principals
from review.iam.truth import NO
from review.matrix.connecting import CONNECT, context, speaking_of
from review.matrix.labels import Labels, evidence
from review.paths.given import given
from review.paths.model import Need, Path, Way
from review.paths.needs import assuming
from review.paths.power import by_itself
from review.paths.restraints import Freed, freed, restraints, without
from review.paths.ways import becoming, ways
from review.templates.access import Access
from review.templates.identities import PROVIDER, Identity

OUTSIDE = "outside"
"""The kind of who is not made by the templates, and is named in them."""


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Somebody who may go a way, as it is and as it can make itself."""

    identity: Identity
    name: str
    freed: Sequence[Freed] = ()


def paths(access: Access, declared: Declared | None = None) -> list[Path]:
    """Every path: somebody of the templates, and a way that it may go or may be able to go."""
    labels = Labels(access.assembly, declared)
    holding = [
        one
        for one in access.identities
        if any(found.allows for found in speaking_of(one.policies, CONNECT))
    ]
    pipelines = [one for one in deploying(access) if one not in holding]
    inside = access.identities
    askers = [
        Asker(identity=readable, name=labels.name(one), freed=freed(readable, access))
        for one in inside
        for readable in [_readable(one)]
    ]
    askers += [Asker(identity=one, name=one.name) for one in _outsiders(access)]
    found = list(given(access, labels, holding))
    found += [path for one in inside for path in _not_readable(one, labels.name(one))]
    found += [
        path
        for one in askers
        for way in by_itself(one.identity, access)
        for path in _going(one, way)
    ]
    known = list(ways(access, labels, [*holding, *pipelines]))
    found += [path for way in known for one in askers for path in _going(one, way)]
    found += [
        path for one in askers for path in _freed_by_others(one, found, known, askers, access)
    ]
    found += _by_others(found, [*holding, *pipelines], askers, access, labels)
    unique = {(one.who, one.how, tuple(map(str, one.evidence))): one for one in found}
    return sorted(unique.values(), key=lambda one: (one.who, one.how, str(one.evidence)))


def _by_others(
    found: Sequence[Path],
    known: Sequence[Identity],
    askers: Sequence[Asker],
    access: Access,
    labels: Labels,
) -> Iterator[Path]:
    """The paths to whoever has one of those found, and to whoever has one to them, and so on.

    Args:
        found: the paths to a grant.
        known: to whom there are ways already.
        askers: everybody who may go one.
        access: what the templates hold.
        labels: what identities are called.
    """
    on_a_path = {one.who for one in found}
    done = {id(one) for one in known}
    while between := [
        one
        for one in access.identities
        if id(one) not in done and labels.name(one) in on_a_path and one.kind in ("role", "user")
    ]:
        done |= {id(one) for one in between}
        for way in becoming(access, labels, between):
            for one in askers:
                for path in _going(one, way):
                    on_a_path.add(path.who)
                    yield path


def _freed_by_others(
    restrained: Asker,
    found: Sequence[Path],
    known: Sequence[Way],
    askers: Sequence[Asker],
    access: Access,
) -> Iterator[Path]:
    """The paths to whom only its restraints keep from a way, for who may take them off."""
    own = restrained.identity
    if own.kind != "role" or not own.trust:
        return
    gone = {(one.who, one.how) for one in found}
    for restraint in restraints(own, access):
        bare = without(own, restraint)
        for way in (*known, *by_itself(bare, access)):
            if (restrained.name, way.how) in gone or not any(going(bare, restrained.name, way)):
                continue
            for action, resource in restraint.taken_off_by:
                become = Way(
                    how=f"take off the {restraint.what} of the role {own.name}, assume it, and "
                    f"{way.how}",
                    needs=[assuming(own), Need(action=action, resource=resource)],
                    reaches=way.reaches,
                )
                for one in askers:
                    yield from _going(one, become)


def _going(asker: Asker, way: Way) -> Iterator[Path]:
    """The path of an asker by a way: as it is, or once it took off the least that is in its way."""
    found = list(going(asker.identity, asker.name, way))
    for one in asker.freed:
        if found:
            break
        found = [
            replace(path, how=f"{path.how}, {one.once}")
            for path in going(
                one.identity, asker.name, replace(way, given=[*one.given, *way.given])
            )
        ]
    yield from found


def going(identity: Identity, name: str, way: Way) -> Iterator[Path]:
    """The path of an identity, called ``name``, by a way; none if it may not go it."""
    if [name] == list(way.reaches):
        return
    if any(not _concerned(identity, need) for need in way.needs):
        return
    # Of who is elsewhere, only what a policy in these templates opens can be told: see the horizon.
    if identity.kind in (OUTSIDE, PROVIDER) and not _let_in(identity, way):
        return
    decisions = [*way.given, *(_decision(identity, need) for need in way.needs)]
    answers = {one.answer for one in decisions}
    if Answer.DENIED not in answers:
        yield Path(
            who=name,
            how=way.how,
            reaches=way.reaches,
            answer=Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.ALLOWED,
            evidence=evidence([each for one in decisions for each in one.statements]),
        )


def _readable(identity: Identity) -> Identity:
    """The identity with what the templates say of it alone."""
    return replace(
        identity,
        policies=tuple(
            replace(one, statements=tuple(each for each in one.statements if each.readable))
            for one in identity.policies
        ),
    )


def _not_readable(identity: Identity, name: str) -> Iterator[Path]:
    """One path for all that a policy may allow that is not in the templates."""
    hidden = [each for one in identity.policies for each in one.statements if not each.readable]
    if hidden:
        yield Path(
            who=name,
            how="do whatever a policy allows that is not in these templates",
            reaches=["not known"],
            answer=Answer.UNKNOWN,
            evidence=evidence(hidden),
        )


def _concerned(identity: Identity, need: Need) -> bool:
    """Whether any statement at all is about it: of most identities and ways, none is."""
    return bool(need.policies) or _speaks_of(identity, need.action)


# Asked of the same action for each way that needs it, to whomever that leads.
@lru_cache(maxsize=1 << 16)
def _speaks_of(identity: Identity, action: str) -> bool:
    return any(True for _ in speaking_of(identity.policies, action))


def _let_in(identity: Identity, way: Way) -> bool:
    """Whether the policy of a resource names somebody in what the way needs."""
    return any(
        max(named(statement, identity.principal)) is not NO
        for need in way.needs
        for policy in need.policies
        for statement in policy.statements
        if statement.allows
    )


def _decision(identity: Identity, need: Need) -> Decision:
    request = Request(
        principal=identity.principal,
        action=need.action,
        resource=need.resource,
        context=context(identity),
    )
    policies = Policies(
        identity=identity.policies,
        ceilings=identity.ceilings,
        resource=need.policies,
        resource_account=need.account,
        resource_decides=need.decides,
    )
    return decide(request, policies)


def _outsiders(access: Access) -> Iterator[Identity]:
    """Accounts, roles and providers that a trust names and that the templates do not make."""
    known = {one.arn for one in access.identities}
    policies = [policy for identity in access.identities for policy in identity.trust]
    policies += [one.policy for one in access.resource_policies]
    named = {
        (kind, name)
        for policy in policies
        for statement in policy.statements
        if statement.allows and statement.readable
        for kind, name in named_principals(statement.principal)
        if kind in ("AWS", "Federated") and name not in known
    }
    for kind, name in sorted(named):
        account = re.search(r"(?:^|:)(\d{12})(?:$|:)", name)
        yield Identity(
            kind=PROVIDER if kind == "Federated" else OUTSIDE,
            name=f"{kind} {name}",
            arn=name,
            account=account[1] if account else "",
            resource=None,
            # Its own policies are another account's; a provider has none.
            policies=() if kind == "Federated" else (unreadable(Source(stack="elsewhere")),),
        )
