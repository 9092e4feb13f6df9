"""The login that is looked into."""

from collections.abc import Iterable
from dataclasses import dataclass

from rds_login.derived_names import GROUPS, before
from rds_login.endpoint import CLUSTER, READERS, endpoint


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A login as somebody would make it, and what is known of how it should be.

    Attributes:
        title: how people call it: a connection's id, or ``user@database``.
        region: that its tokens are signed for; None if nothing names one.
        authorities: path of the certificates that the server's is verified with.
        role_arn: of the role that was granted the access; None if it is not known.
        resource_id: the server's ``DbiResourceId``, a cluster's own id; None if it is not known.
        declared: where the access is declared, as an editor opens it; None if that is not here.
        sid: name of the statement that allows the login; None if it is not known.
        inside: name of the function that looks inside the server; None if it is not known.
        via: an address and a port that lead to the server from here, such as a forwarded port.
    """

    title: str
    host: str
    port: int
    database: str
    user: str
    region: str | None
    authorities: str
    role_arn: str | None = None
    resource_id: str | None = None
    declared: str | None = None
    sid: str | None = None
    inside: str | None = None
    via: tuple[str, int] | None = None

    @property
    def level(self) -> str | None:
        """What the user may do in the database; None if its name does not tell."""
        return next((one for one in GROUPS if before(self.user, self.database, one)), None)

    def group(self, roles: Iterable[str]) -> str | None:
        """The one of ``roles`` that holds what the user's level may do.

        Its name begins with the environment's prefix, if that has one, with which what stands
        before the database in the user's name ends.
        """
        level = self.level
        if level is None:
            return None
        who = before(self.user, self.database, level) or ""
        for one in roles:
            prefix = before(one, self.database, GROUPS[level])
            if prefix == "" or (prefix and who.endswith(f"_{prefix}")):
                return one
        return None

    @property
    def is_proxy(self) -> bool:
        """Whether the host is the endpoint of an RDS Proxy."""
        found = endpoint(self.host)
        return found is not None and found.kind == "proxy"

    @property
    def instance(self) -> str:
        """The identifier of the instance or cluster, as the endpoint's name begins."""
        return self.host.partition(".")[0]

    @property
    def is_cluster(self) -> bool:
        """Whether it is an Aurora cluster, by its writer's endpoint or its readers'."""
        found = endpoint(self.host)
        return found is not None and found.kind in (CLUSTER, READERS)

    @property
    def endpoint(self) -> str:
        """The host and the port."""
        return f"{self.host}:{self.port}"
