"""Whether a token lets its bearer log in: RDS's checks, in RDS's order."""

from dataclasses import dataclass

from emulator.engine import Emulator
from emulator.rds.spread import Spread


@dataclass(frozen=True)
class Endpoint:
    """What tokens for an instance are signed for."""

    host: str
    port: int
    resource_id: str


def check(emulator: Emulator, spread: Spread, endpoint: Endpoint, user: str, token: str) -> None:
    """Whether the token's bearer may connect as `user`. ValueError that tells why not.

    A token is good for 15 minutes, for one endpoint, user and region, while the credentials that
    signed it are valid, and for a principal whose policies allow `rds-db:connect`, as far as that
    is known by now. Keys without policies (the account's root) are refused, or a forgotten
    credential would go unnoticed.
    """
    key = emulator.identities.verify_rds_token(
        token, host=endpoint.host, port=endpoint.port, user=user
    )
    resource = (
        f"arn:aws:rds-db:{emulator.region}:{emulator.account}:dbuser:{endpoint.resource_id}/{user}"
    )
    decision = emulator.identities.decide(key, "rds-db:connect", resource)
    if not spread.allows(decision):
        raise ValueError(
            f"{decision.principal} is not allowed rds-db:connect on {resource}"
            " (Status Code: 403, Error Code:NotAuthorized)"
        )
