"""What of an assembly decides on access, read once for all who ask."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from review.templates.assembly import Assembly
from review.templates.identities import Identity, identities
from review.templates.network import Opening, openings
from review.templates.resource_policies import ResourcePolicy, resource_policies
from review.templates.servers import (
    Connection,
    LoginUser,
    Server,
    connections,
    login_users,
    servers,
)


@dataclass(frozen=True)
class Access:
    """The identities, servers, users and connections of an assembly."""

    assembly: Assembly
    role_arns: Mapping[str, str] = field(default_factory=dict[str, str])
    """ARNs of existing roles by name, where they are known from elsewhere."""

    @cached_property
    def identities(self) -> tuple[Identity, ...]:
        """Everybody to whom the templates give a permission."""
        return identities(self.assembly, self.role_arns)

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        """Every server."""
        return servers(self.assembly)

    @cached_property
    def users(self) -> tuple[LoginUser, ...]:
        """Every login user of every server."""
        return login_users(self.assembly, self.servers)

    @cached_property
    def connections(self) -> tuple[Connection, ...]:
        """Airflow's connections."""
        return connections(self.assembly)

    @cached_property
    def connections_by_user(self) -> Mapping[tuple[str, str], Sequence[Connection]]:
        """The same, by the user's name and the database that they name."""
        found: dict[tuple[str, str], list[Connection]] = defaultdict(list)
        for one in self.connections:
            found[one.user, one.database].append(one)
        return dict(found)

    @cached_property
    def openings(self) -> Mapping[str, tuple[Opening, ...]]:
        """Who may reach the port, by the server's resource id."""
        return {one.resource_id: openings(one, self.assembly) for one in self.servers}

    @cached_property
    def resource_policies(self) -> tuple[ResourcePolicy, ...]:
        """The policies of resources."""
        return resource_policies(self.assembly)

    def arn(self, user: LoginUser) -> str:
        """The resource of ``rds-db:connect`` for the user."""
        holder = user.server.resource or user.resource
        return user.server.user_arn(user.name, holder.stack.environment)
