"""Who a policy names: whether they can be, and those of this account are.

Source: IAM user guide, "AWS JSON policy elements: Principal".
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from emulator.policies.grammar import Statement, listed

_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*\.amazonaws\.com")
_CANONICAL_USER = re.compile(r"[0-9a-f]{64}")
_ACCOUNT = re.compile(r"\d{12}")
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{13,}")  # of one that is deleted since
_ARN = re.compile(r"arn:aws:(iam|sts)::(\d{12}):(root|(?:role|user|assumed-role)/[\w+=,.@/-]+)")
_PROVIDER = re.compile(r"arn:aws:iam::(\d{12}):(oidc|saml)-provider/.+")
_PUBLIC_PROVIDERS = (
    "accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com",
    "www.amazon.com",
)  # fmt: skip


@dataclass(frozen=True)
class Principals:
    """Of an account."""

    account: str
    records: Callable[[str], Mapping[str, Mapping[str, Any]]]
    """IAM's ``roles`` or ``users``, by name."""

    def invalid(self, statement: Statement) -> Iterator[str]:
        """Those of a statement that cannot be, or are not, as ``"AWS":"<who>"``."""
        given = statement.get("Principal", statement.get("NotPrincipal"))
        if given == "*":
            return
        if not isinstance(given, dict):
            yield json.dumps(given)
            return
        known: dict[str, Callable[[str], bool]] = {
            "AWS": self._is_of_aws,
            "CanonicalUser": lambda who: bool(_CANONICAL_USER.fullmatch(who)),
            "Federated": self._is_provider,
            "Service": lambda who: bool(_SERVICE.fullmatch(who)),
        }
        for kind, named in cast("dict[str, Any]", given).items():
            who = listed(named)
            for one in who or [""]:
                if not isinstance(one, str) or kind not in known or not known[kind](one):
                    yield f'"{kind.upper()}":{json.dumps(one)}'

    def _is_of_aws(self, who: str) -> bool:
        if who == "*" or _ACCOUNT.fullmatch(who) or _UNIQUE_ID.fullmatch(who):
            return True
        found = _ARN.fullmatch(who)
        if not found:
            return False
        service, account, path = found.groups()
        kind, _, name = path.partition("/")
        if (service == "sts") != (kind == "assumed-role"):
            return False
        if account != self.account or kind == "root":
            return True  # only the other account knows its own
        if kind == "assumed-role":
            return name.split("/")[0] in self.records("roles")
        records = self.records(f"{kind}s")
        return any(record["Arn"] == who for record in records.values())

    def _is_provider(self, who: str) -> bool:
        return who in _PUBLIC_PROVIDERS or bool(_PROVIDER.fullmatch(who))
