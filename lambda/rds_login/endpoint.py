"""What the name of an endpoint of Amazon RDS tells.

Sources: "Connection information for Amazon RDS DB instances" and "Amazon Aurora endpoint
connections"; "Endpoints and ARNs for Amazon Web Services in China".
"""

import re
from dataclasses import dataclass

CLUSTER, READERS = "cluster", "cluster-ro"
KINDS = {
    "": "a DB instance",
    CLUSTER: "an Aurora cluster",
    READERS: "the readers of an Aurora cluster",
    "cluster-custom": "some instances of an Aurora cluster",
    "proxy": "an RDS Proxy",
    "shardgrp": "an Aurora shard group",
}
"""Whose endpoint it is, by what stands before the account's part of its name."""

# A proxy may have endpoints of its own beside its default one.
_ACCOUNTS_PART = (
    r"(?P<identifier>[a-z][a-z0-9-]{0,62})\.(endpoint\.(?=proxy-))?"
    r"((?P<kind>[a-z]+(-[a-z]+)?)-)?[a-z0-9]+"
)
_REGION = r"(?P<region>[a-z]{2}(-[a-z]+)+-[0-9]+)"
_FORMS = (
    re.compile(rf"{_ACCOUNTS_PART}\.{_REGION}\.rds\.(?P<suffix>[a-z0-9.-]+)"),
    # In China, the region stands after the service.
    re.compile(rf"{_ACCOUNTS_PART}\.rds\.{_REGION}\.(?P<suffix>[a-z0-9.-]+)"),
)
_SUFFIXES = {
    "amazonaws.com": ("aws", "aws-us-gov"),
    "amazonaws.com.cn": ("aws-cn",),
    "c2s.ic.gov": ("aws-iso",),
    "sc2s.sgov.gov": ("aws-iso-b",),
    "amazonaws.eu": ("aws-eusc",),
}


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """An endpoint, by its name.

    Args:
        identifier: of the instance, cluster or proxy.
        kind: a key of `KINDS`.
        partitions: in which such a name can be.
    """

    identifier: str
    kind: str
    region: str
    partitions: tuple[str, ...]


def endpoint(name: str) -> Endpoint | None:
    """The endpoint that ``name`` is of; None if it is no name of Amazon RDS's."""
    for form in _FORMS:
        found = form.fullmatch(name)
        if found and found["suffix"] in _SUFFIXES and (found["kind"] or "") in KINDS:
            return Endpoint(
                identifier=found["identifier"],
                kind=found["kind"] or "",
                region=found["region"],
                partitions=_SUFFIXES[found["suffix"]],
            )
    return None
