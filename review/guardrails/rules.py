"""The rules, and what they find together."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

from review.guardrails import (
    acknowledgment_until,
    airflow_reads_its_own,
    alarms_tell_somebody,
    as_declared,
    code_is_delivered_here,
    connect_to_one_user,
    connections_sign_tokens,
    encrypted_here,
    iam_authentication,
    log_exports,
    no_password,
    no_password_is_read,
    no_policy_editor_connects,
    nothing_else,
    own_rules,
    page_as_declared,
    pipelines_are_named_exactly,
    pipelines_only_deploy,
    private_port,
    resources_keep_to_themselves,
    statements_are_logged,
    templates_tell_all,
    tls,
    trust_has_a_condition,
    trust_is_used,
    until,
    users_as_declared,
)
from review.guardrails.subject import Subject, Violation

RULES: tuple[ModuleType, ...] = (
    as_declared,
    users_as_declared,
    connect_to_one_user,
    no_policy_editor_connects,
    trust_has_a_condition,
    pipelines_are_named_exactly,
    pipelines_only_deploy,
    trust_is_used,
    code_is_delivered_here,
    resources_keep_to_themselves,
    airflow_reads_its_own,
    connections_sign_tokens,
    private_port,
    page_as_declared,
    iam_authentication,
    no_password,
    no_password_is_read,
    tls,
    log_exports,
    statements_are_logged,
    encrypted_here,
    alarms_tell_somebody,
    templates_tell_all,
    nothing_else,
    until,
    acknowledgment_until,
    own_rules,
)


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A rule, and one violation of it."""

    rule: str
    """The rule's name, such as ``no-password``."""
    title: str
    violation: Violation


def name(rule: ModuleType) -> str:
    """The name of a rule, as it is acknowledged by."""
    return rule.__name__.rpartition(".")[2].replace("_", "-")


def title(rule: ModuleType) -> str:
    """What must hold."""
    return str(rule.__doc__).strip().removesuffix(".")


def broken(subject: Subject) -> Iterator[Broken]:
    """Every violation of every rule."""
    for rule in RULES:
        found: Iterator[Violation] = rule.violations(subject)
        for one in found:
            yield Broken(rule=name(rule), title=title(rule), violation=one)
