"""What the team has declared to hold of its grants, holds."""

from collections.abc import Iterator

from review.declared import DeclaredGrant, OwnRule
from review.guardrails.subject import Subject, Violation


def violations(subject: Subject) -> Iterator[Violation]:
    """Each grant that one of the declared rules forbids, or wants more of."""
    for rule in subject.declared.rules:
        for grant in subject.declared.grants:
            if _is_about(rule, grant):
                missing = [need for need in rule.needs if not getattr(grant, need)]
                if missing or not rule.needs:
                    lacking = f" without `{'` and `'.join(missing)}`" if missing else ""
                    yield Violation(
                        message=f"{rule.name}: {grant.identity} may {grant.level} "
                        f"{grant.database}{lacking}",
                        grant=grant,
                    )


def _is_about(rule: OwnRule, grant: DeclaredGrant) -> bool:
    return (
        (not rule.kinds or grant.kind in rule.kinds)
        and (not rule.levels or grant.level in rule.levels)
        and (not rule.classes or grant.data_class in rule.classes)
        and grant.identity not in rule.but
    )
