"""Who may go which way to a grant."""

import re
from collections.abc import Iterator
from dataclasses import replace

from review.bootstrap import deploying
from review.declared import Declared
from review.iam.decision import Answer, Decision, Policies, Request, decide
from review.iam.policy import Source, unreadable
from review.iam.principals import named_principals
from review.matrix.connecting import CONNECT, context, speaking_of
from review.matrix.labels import Labels, evidence
from review.paths.model import Need, Path, Way
from review.paths.ways import ways
from review.templates.access import Access
from review.templates.identities import PROVIDER, Identity


def paths(access: Access, declared: Declared | None = None) -> list[Path]:
    """Every path: somebody of the templates, and a way that it may go or may be able to go."""
    labels = Labels(access.assembly, declared)
    holding = [
        one
        for one in access.identities
        if any(found.allows for found in speaking_of(one.policies, CONNECT))
    ]
    pipelines = [one for one in deploying(access) if one not in holding]
    inside = [one for one in access.identities if one.kind != "group"]
    askers = [(_readable(one), labels.name(one)) for one in inside]
    askers += [(one, one.name) for one in _outsiders(access)]
    found = [path for one in inside for path in _not_readable(one, labels.name(one))]
    found += [
        path
        for way in ways(access, labels, [*holding, *pipelines])
        for identity, name in askers
        for path in _paths(identity, name, way)
    ]
    unique = {(one.who, one.how, tuple(map(str, one.evidence))): one for one in found}
    return sorted(unique.values(), key=lambda one: (one.who, one.how, str(one.evidence)))


def _paths(identity: Identity, name: str, way: Way) -> Iterator[Path]:
    if [name] == list(way.reaches):
        return
    if any(not _concerned(identity, need) for need in way.needs):
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
    return bool(need.policies) or any(True for _ in speaking_of(identity.policies, need.action))


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
    named = {
        (kind, name)
        for identity in access.identities
        for policy in identity.trust
        for statement in policy.statements
        if statement.allows and statement.readable
        for kind, name in named_principals(statement.principal)
        if kind in ("AWS", "Federated") and name not in known
    }
    for kind, name in sorted(named):
        account = re.search(r"(?:^|:)(\d{12})(?:$|:)", name)
        yield Identity(
            kind=PROVIDER if kind == "Federated" else "outside",
            name=f"{kind} {name}",
            arn=name,
            account=account[1] if account else "",
            resource=None,
            # Its own policies are another account's; a provider has none.
            policies=() if kind == "Federated" else (unreadable(Source(stack="elsewhere")),),
        )
