"""May somebody do something: IAM's evaluation of all the policies that have a say.

Source: "Policy evaluation logic" of the IAM user guide.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from review.iam.arn import arn_matches
from review.iam.conditions import hold
from review.iam.context import Context
from review.iam.matching import equals, matches
from review.iam.policy import Policy, Statement
from review.iam.principals import Principal, named
from review.iam.truth import NO, UNKNOWN, YES, Truth, any_of, every


class Answer(StrEnum):
    """What IAM would say, as far as the policies that are given can tell."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Request:
    """Who wants to do what to which resource."""

    principal: Principal
    action: str
    resource: str
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, kw_only=True)
class Policies:
    """The policies that have a say in a request."""

    identity: Sequence[Policy] = ()
    ceilings: Sequence[Sequence[Policy]] = ()
    """Permission boundary, session policy: each must allow as well, and none grants."""
    resource: Sequence[Policy] = ()
    """Those of the resource; a role's trust is one."""
    resource_account: str = ""
    """The account of the resource; empty for that of the principal."""
    resource_decides: bool = False
    """Nobody may without the resource's own policy: roles to assume, and keys of KMS."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The answer, with the statements that it rests on: for a refusal, those that deny."""

    answer: Answer
    statements: tuple[Statement, ...] = ()


def decide(request: Request, policies: Policies) -> Decision:
    """Decide ``request``; what the policies cannot tell is unknown, and never denied."""
    documents = [*policies.identity, *policies.resource, *_flat(policies.ceilings)]
    denying = list(_applying(documents, request, allows=False))
    denied = any_of(found for _, found in denying)
    if denied is YES:
        return Decision(answer=Answer.DENIED, statements=_of(denying, YES))
    own = list(_applying(policies.identity, request, allows=True))
    given = list(_applying(policies.resource, request, allows=True))
    allowed = min(_granted(request, policies, own), ~denied)
    if allowed is NO:
        return Decision(answer=Answer.DENIED)
    if allowed is YES:
        return Decision(answer=Answer.ALLOWED, statements=_of([*own, *given], YES))
    doubtful = [*own, *given, *denying]
    return Decision(
        answer=Answer.UNKNOWN,
        statements=tuple(statement for statement, found in doubtful if found is not NO),
    )


def applies(statement: Statement, request: Request) -> Truth:
    """Whether a statement speaks of the request; to whom it speaks is another question."""
    if not statement.readable:
        return UNKNOWN
    action = _action(statement, request.action)
    if action is NO:
        return NO
    return every((action, _resource(statement, request), _conditions(statement, request)))


def _granted(request: Request, policies: Policies, own: Sequence[tuple[Statement, Truth]]) -> Truth:
    identity = any_of(found for _, found in own)
    ceiling = every(
        any_of(found for _, found in _applying(each, request, allows=True))
        for each in policies.ceilings
    )
    direct = delegated = NO
    for statement in _statements(policies.resource, allows=True):
        found = applies(statement, request)
        itself, through_account = named(statement, request.principal)
        direct = max(direct, min(found, itself))
        delegated = max(delegated, min(found, through_account))
    if request.principal.service:
        return direct
    account = policies.resource_account or request.principal.account
    same = equals(account, request.principal.account)
    within = min(direct, ceiling)
    by_identity = min(identity, ceiling)
    here = max(within, min(delegated, by_identity) if policies.resource_decides else by_identity)
    elsewhere = min(by_identity, max(direct, delegated))
    if same is UNKNOWN and here != elsewhere:
        return UNKNOWN
    return elsewhere if same is NO else here


def _applying(
    policies: Iterable[Policy], request: Request, *, allows: bool
) -> Iterator[tuple[Statement, Truth]]:
    for statement in _statements(policies, allows=allows):
        found = applies(statement, request)
        if found is not NO and _has_principal(statement):
            found = min(found, max(named(statement, request.principal)))
        if found is not NO:
            yield statement, found


def _statements(policies: Iterable[Policy], *, allows: bool) -> Iterator[Statement]:
    for policy in policies:
        for statement in policy.statements:
            # Of what cannot be read, nobody knows whether it allows or denies.
            if statement.allows == allows or not statement.readable:
                yield statement


def _has_principal(statement: Statement) -> bool:
    return statement.principal is not None or statement.not_principal is not None


def _action(statement: Statement, action: str) -> Truth:
    if statement.actions is not None:
        return any_of(matches(one, action, ignore_case=True) for one in statement.actions)
    if statement.not_actions is not None:
        return ~any_of(matches(one, action, ignore_case=True) for one in statement.not_actions)
    return NO


def _resource(statement: Statement, request: Request) -> Truth:
    if statement.resources is not None:
        return any_of(_same(one, statement, request) for one in statement.resources)
    if statement.not_resources is not None:
        return ~any_of(_same(one, statement, request) for one in statement.not_resources)
    # A trust policy names none: it is about its role.
    return YES


def _same(pattern: str, statement: Statement, request: Request) -> Truth:
    expanded = request.context.expanded(pattern) if statement.variables else pattern
    if expanded is None:
        return NO
    found = matches(expanded, request.resource)
    if found is YES and _reaches_beyond_a_colon(expanded, request.resource):
        return UNKNOWN
    return found


def _reaches_beyond_a_colon(pattern: str, resource: str) -> bool:
    """Whether a ``*`` would have to, that is not the last character of its part of the ARN.

    "IAM JSON policy elements: Resource" says that the last one can, and nothing of others.
    """
    return bool(re.search(r"\*[^*:]", pattern)) and arn_matches(pattern, resource) is not YES


def _conditions(statement: Statement, request: Request) -> Truth:
    if not statement.conditions:
        return YES
    if not statement.variables and "${" in str(statement.conditions):
        return UNKNOWN
    return hold(statement.conditions, request.context)


def _of(found: Iterable[tuple[Statement, Truth]], value: Truth) -> tuple[Statement, ...]:
    return tuple(statement for statement, one in found if one is value)


def _flat(groups: Iterable[Sequence[Policy]]) -> Iterator[Policy]:
    for group in groups:
        yield from group
