"""A role is trusted to what runs with it, or to whom its identity is declared."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from review.declared_trust import NAMING, DeclaredTrust
from review.guardrails.subject import Subject, Violation
from review.iam.policy import Statement
from review.iam.principals import named_principals
from review.paths.handed import running_with
from review.templates.identities import Identity

SERVICES = {
    "AWS::Lambda::Function": ("lambda.amazonaws.com",),
    "AWS::MWAA::Environment": ("airflow.amazonaws.com", "airflow-env.amazonaws.com"),
    "AWS::Scheduler::Schedule": ("scheduler.amazonaws.com",),
}
ASSUMING = "sts:AssumeRole"
HOUR = 3600
"""How long a session of a role lasts at most, in seconds, where nothing else is said."""


def violations(subject: Subject) -> Iterator[Violation]:
    """Each trust of such a role that nobody has a use for; of roles that exist it says nothing."""
    airflows = {
        one.arn: name for one in subject.access.identities if (name := subject.labels.airflow(one))
    }
    for identity in subject.connecting:
        if identity.arn in subject.declared.role_arns.values():
            continue
        name = subject.labels.name(identity)
        seconds = (
            identity.resource.properties.get("MaxSessionDuration") if identity.resource else None
        )
        if seconds is not None and str(seconds) != str(HOUR):
            yield Violation(
                message=f"{name} may log in, and its sessions may last {seconds} seconds, which "
                "nobody declared",
                resource=identity.resource,
            )
        declared = subject.declared.trusts.get(name)
        running = subject.labels.runs_with(identity)
        used = {service for one in running for service in SERVICES[one.type]}
        for policy in identity.trust:
            for statement in policy.statements:
                if not statement.allows or not statement.readable:
                    continue
                found = (
                    _beyond(statement, declared, airflows, _exact(declared, identity))
                    if declared
                    else _unused(statement, used)
                )
                for wrong in found:
                    yield Violation(
                        message=f"{name} may log in, and is trusted {wrong}, in statement "
                        f"{statement.name} of its trust",
                        resource=identity.resource,
                    )
    yield from _of_others(subject)


def _of_others(subject: Subject) -> Iterator[Violation]:
    """Each such trust of what runs here and logs in nowhere: some of it calls what does."""
    for identity in subject.access.identities:
        if identity.kind != "role" or not identity.trust or identity in subject.connecting:
            continue
        running = {one.type for one in running_with(identity, subject.access)}
        if not running or not running <= SERVICES.keys():
            continue
        used = {service for one in running for service in SERVICES[one]}
        for policy in identity.trust:
            for statement in policy.statements:
                for wrong in _unused(statement, used) if statement.allows else ():
                    yield Violation(
                        message=f"{subject.labels.name(identity)} is trusted {wrong}, in statement "
                        f"{statement.name} of its trust",
                        resource=identity.resource,
                    )


def _unused(statement: Statement, used: set[str]) -> Iterator[str]:
    for kind, name in named_principals(statement.principal):
        if (kind, name) not in {("Service", service) for service in used}:
            yield f"to {kind} {name}, with which nothing here runs"
    others = [one for one in statement.actions or ("*",) if one != ASSUMING]
    if others:
        yield f"for {', '.join(others)}"


def _exact(declared: DeclaredTrust, identity: Identity) -> Mapping[str, frozenset[str]]:
    """What a request must say, to the letter, where the role is."""
    if not declared.cluster or identity.resource is None:
        return declared.exact
    at = identity.resource.stack.environment
    place = f"{at['partition']}:eks:{at['region']}:{at['account']}"
    return {
        **declared.exact,
        "aws:SourceAccount": frozenset({at["account"]}),
        "aws:RequestTag/eks-cluster-arn": frozenset({f"arn:{place}:cluster/{declared.cluster}"}),
    }


def _beyond(
    statement: Statement,
    declared: DeclaredTrust,
    airflows: Mapping[str, str],
    exact: Mapping[str, frozenset[str]],
) -> Iterator[str]:
    for kind, name in named_principals(statement.principal):
        is_declared = (
            airflows.get(name) == declared.by_airflow
            if declared.by_airflow
            else _is(name, declared.principal)
        )
        if kind != declared.kind or not is_declared:
            yield f"to {kind} {name}, which is not declared"
    if statement.not_principal is not None:
        yield f"to everybody but {statement.not_principal}"
    others = [one for one in statement.actions or ("*",) if one not in declared.actions]
    if others:
        yield f"for {', '.join(others)}"
    said = _said(statement, "stringequals")
    for key, values in exact.items():
        found = said.get(key.lower())
        if found is None:
            yield f"whatever {key} is"
        elif not found <= values:
            yield f"where {key} is {', '.join(sorted(found - values))}, which is not declared"
    takes = any(one != NAMING for one in statement.actions or ())
    unnamed = _said(statement, "null").get("sts:sourceidentity") != {"false"}
    if declared.names_source and takes and unnamed:
        yield "to who does not name the person (sts:SourceIdentity)"


def _is(name: str, declared: str) -> bool:
    return name.endswith(declared) if declared.startswith(":") else name == declared


def _said(statement: Statement, operator: str) -> dict[str, set[str]]:
    """The values of each key, in lower case, that a statement asks for by ``operator``."""
    found: dict[str, set[str]] = {}
    for written, keys in statement.conditions.items():
        if written.lower() == operator:
            for key, value in keys.items():
                listed = cast("list[Any]", value) if isinstance(value, list) else [value]
                found[key.lower()] = {str(one) for one in listed}
    return found
