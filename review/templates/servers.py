"""The database servers of an assembly, their login users, and Airflow's connections to them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from review.templates.assembly import Assembly, Resource

LEVELS = ("read", "write", "own")
MASTER = "administer"
CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"
_CLUSTER = "AWS::RDS::DBCluster"
_RESOURCE_ID = {"AWS::RDS::DBInstance": "DbiResourceId", _CLUSTER: "DBClusterResourceId"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Server:
    """A server that users log in to."""

    name: str
    resource_id: str
    """What stands for it in the ARN of a database user."""
    resource: Resource | None
    """None if it is not made by these templates."""
    instances: Sequence[Resource] = ()
    """Those of a cluster that is made, or the one that it is itself."""
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the templates tell of one that exists already; `existing_server` says which keys."""
    maker: Resource | None = None
    """What makes the users of one that exists already."""

    master_secret: Resource | None = None
    """What has its administrator made, by the password of its master user."""

    @property
    def observed(self) -> bool:
        """Whether nothing of it is brought about, and nobody is given access."""
        return self.maker is not None and self.maker.properties.get("Observed") == "true"

    @property
    def is_cluster(self) -> bool:
        """Whether it is an Aurora cluster."""
        made = self.resource
        return made.type == _CLUSTER if made else self.told.get("Kind") == "cluster"

    @property
    def addresses(self) -> frozenset[str]:
        """The names of its endpoints: of a cluster that of its readers, too."""
        made = self.resource
        cluster = made is not None and self.is_cluster
        readers = made.attribute("ReadEndpoint.Address") if made and cluster else None
        return frozenset(
            filter(None, [self.address, readers, str(self.told.get("ReaderHost", ""))])
        )

    @property
    def address(self) -> str | None:
        """The endpoint's name; None if nothing is known of the server."""
        if self.resource:
            return self.resource.attribute("Endpoint.Address")
        return str(self.told["Host"]) if self.told else None

    @property
    def port(self) -> str:
        """The port, as far as it is known."""
        known = self.resource.properties if self.resource else self.told
        return str(known.get("Port", ""))

    @property
    def security_group(self) -> str:
        """That of an existing one, which rules are added to; none if it is its owner's."""
        return str(self.told.get("SecurityGroup", ""))

    @property
    def ranges(self) -> Sequence[str]:
        """Of the addresses of an existing one that is in another network."""
        return _texts(self.told.get("Ranges"))

    @property
    def reached_from(self) -> Sequence[str]:
        """The ranges of this network, which the group of such a one lets in."""
        return _texts(self.told.get("ReachedFrom"))

    @property
    def arn(self) -> str | None:
        """What RDS's own actions name it by; None if nothing is known of the server."""
        if self.resource:
            return self.resource.attribute("DBClusterArn" if self.is_cluster else "DBInstanceArn")
        kind = "cluster" if self.is_cluster else "db"
        return self._arn(f"rds:{{region}}:{{account}}:{kind}:{self.name}")

    @property
    def log_arn(self) -> str | None:
        """The ARN of an existing one's log group of statements, as RDS names it."""
        kind = "cluster" if self.is_cluster else "instance"
        return self._arn(
            f"logs:{{region}}:{{account}}:log-group:/aws/rds/{kind}/{self.name}/postgresql:*"
        )

    @property
    def samples(self) -> Sequence[str]:
        """The ARNs of what Performance Insights keeps of its instances, as far as is known."""
        made = self.resource or self.maker
        if made is None:
            return ()
        at = made.stack.environment
        place = f"{at['partition']}:pi:{at['region']}:{at['account']}"
        of_cluster = [one.attribute("DbiResourceId") for one in self.instances]
        ids = of_cluster if self.is_cluster else [self.resource_id]
        return [f"arn:{place}:metrics/rds/{one}" for one in ids]

    def _arn(self, rest: str) -> str | None:
        if not (self.told and self.maker):
            return None
        environment = self.maker.stack.environment
        return f"arn:{environment['partition']}:{rest.format_map(environment)}"

    def user_arn(self, user: str, environment: Mapping[str, str]) -> str:
        """The resource of ``rds-db:connect`` for ``user``."""
        return (
            f"arn:{environment['partition']}:rds-db:{environment['region']}"
            f":{environment['account']}:dbuser:{self.resource_id}/{user}"
        )


@dataclass(frozen=True, kw_only=True)
class LoginUser:
    """A user that the templates have made on a server."""

    server: Server
    name: str
    database: str
    level: str
    """One of `LEVELS`, or `MASTER`."""
    resource: Resource
    """What makes it."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """An Airflow connection, kept as a secret."""

    name: str
    user: str
    database: str
    content: Mapping[str, Any]
    """What Airflow is told, in the keys of its JSON."""
    resource: Resource

    @property
    def prefix(self) -> str:
        """What stands before its id in the name of the secret."""
        return str(self.resource.properties.get("Name", "")).rpartition("/")[0]


def servers(assembly: Assembly) -> tuple[Server, ...]:
    """Every server: those of the templates, and others that users are made on."""
    found = {
        resource_id: Server(
            name=one.attribute(None),
            resource_id=resource_id,
            resource=one,
            instances=_instances(assembly, one),
        )
        for one in assembly.of_type(*_RESOURCE_ID)
        # The instances of a cluster are logged in to by the cluster's id.
        if "DBClusterIdentifier" not in one.properties or one.type == _CLUSTER
        for resource_id in [one.attribute(_RESOURCE_ID[one.type])]
    }
    for one in _making_users(assembly):
        resource_id = _server_id(one, found)
        if resource_id not in found:
            # After a restore, another instance has the place of the one that was made.
            made = found.pop(str(one.metadata.get("MadeResourceId")), None)
            told = existing_server(one)
            found[resource_id] = Server(
                name=made.name if made else str(told.get("Name", resource_id)),
                resource_id=resource_id,
                resource=made.resource if made else None,
                instances=made.instances if made else (),
                told=told,
                maker=one,
                master_secret=next(
                    (
                        each
                        for each in with_passwords(assembly)
                        if each.properties.get("InstanceResourceId") == resource_id
                    ),
                    None,
                ),
            )
    return tuple(found.values())


def _instances(assembly: Assembly, server: Resource) -> list[Resource]:
    if server.type != _CLUSTER:
        return [server]
    return [
        one
        for one in assembly.of_type("AWS::RDS::DBInstance")
        if one.properties.get("DBClusterIdentifier") == server.attribute(None)
    ]


def with_passwords(assembly: Assembly) -> Iterator[Resource]:
    """What has an administrator made by the password of a master user, whose secret it tells."""
    for one in assembly.resources:
        if isinstance(one.metadata.get("MasterSecret"), Mapping):
            yield one


def existing_server(one: Resource) -> Mapping[str, Any]:
    """What is said of a server that was there before, beside what makes its users.

    Its ``Name``, ``Host``, ``Port``, ``SecurityGroup`` and ``Administrator``; empty if not all. Of
    one in another network its ``Ranges``, and those that it is ``ReachedFrom``; of a cluster that
    as its ``Kind``, and the ``ReaderHost`` if it has readers.
    """
    told = one.metadata.get("ExistingServer")
    keys = {"Name", "Host", "Port", "SecurityGroup", "Administrator"}
    return (
        cast("Mapping[str, Any]", told) if isinstance(told, Mapping) and keys <= told.keys() else {}
    )


def login_users(assembly: Assembly, known: Sequence[Server]) -> tuple[LoginUser, ...]:
    """Every login user, by server: the master user and those that are made."""
    return tuple(_login_users(assembly, {one.resource_id: one for one in known}))


def _login_users(assembly: Assembly, known: Mapping[str, Server]) -> Iterator[LoginUser]:
    for server in known.values():
        one = server.resource or server.maker
        master = one and (one.properties.get("MasterUsername") or server.told.get("Administrator"))
        if one and master:
            yield LoginUser(
                server=server, name=str(master), database="*", level=MASTER, resource=one
            )
    for one in _making_users(assembly):
        server = known[_server_id(one, known)]
        for database in () if server.observed else told_databases(one):
            for level in LEVELS:
                for user in cast("list[Any]", database.get(level.title()) or []):
                    yield LoginUser(
                        server=server,
                        name=str(user),
                        database=str(database["Name"]),
                        level=level,
                        resource=one,
                    )


def databases(
    assembly: Assembly, server: Server, known: Sequence[Server]
) -> list[Mapping[str, Any]]:
    """The databases of a server with their users, as its function takes them."""
    by_id = {one.resource_id: one for one in known}
    return [
        database
        for one in _making_users(assembly)
        if _server_id(one, by_id) == server.resource_id
        for database in told_databases(one)
    ]


def steps(assembly: Assembly, known: Sequence[Server]) -> Iterator[tuple[Server, Resource]]:
    """What tells a function of databases, and the server that it is about, each step of it."""
    by_id = {one.resource_id: one for one in known}
    for one in _telling(assembly):
        server = by_id.get(_server_id(one, by_id))
        if server:
            yield server, one


def connections(assembly: Assembly) -> tuple[Connection, ...]:
    """Every Airflow connection that names a login user."""
    return tuple(_connections(assembly))


def _connections(assembly: Assembly) -> Iterator[Connection]:
    for one in assembly.of_type("AWS::SecretsManager::Secret"):
        try:
            content: Any = json.loads(str(one.properties.get("SecretString", "")))
        except ValueError:
            continue
        if isinstance(content, dict) and "conn_type" in content:
            connection = cast("dict[str, Any]", content)
            yield Connection(
                name=str(one.properties.get("Name", one.logical_id)).rpartition("/")[2],
                user=str(connection.get("login", "")),
                database=str(connection.get("schema", "")),
                content=connection,
                resource=one,
            )


def _texts(listed: Any) -> list[str]:
    return [str(one) for one in cast("list[Any]", listed)] if isinstance(listed, list) else []


def _making_users(assembly: Assembly) -> Iterator[Resource]:
    """The custom resources whose function makes users, known by their properties.

    One with a ``Step`` says no more than the one that it follows.
    """
    return (one for one in _telling(assembly) if "Step" not in one.properties)


def _telling(assembly: Assembly) -> Iterator[Resource]:
    for one in assembly.resources:
        custom = one.type == CUSTOM_RESOURCE or not one.type.startswith(("AWS::", "Alexa::"))
        if custom and any(told_databases(one)):
            yield one


def told_databases(one: Resource) -> Iterator[dict[str, Any]]:
    """The databases that a resource tells a function of, as the function takes them."""
    listed = one.properties.get("Databases")
    for database in cast("list[Any]", listed) if isinstance(listed, list) else []:
        # The function takes a list that is left out as an empty one.
        if isinstance(database, dict) and {"Name", "Owner", "Writer", "Reader"} <= database.keys():
            yield cast("dict[str, Any]", database)


def _server_id(one: Resource, known: Mapping[str, object]) -> str:
    """The resource id among the properties: one of a server known, or one that looks like it."""
    texts = [(key, value) for key, value in one.properties.items() if isinstance(value, str)]
    for _, value in texts:
        if value in known:
            return value
    for key, value in texts:
        if key.endswith("ResourceId") or re.fullmatch(r"(db|cluster|prx)-[A-Za-z0-9]+", value):
            return value
    return f"the server of {one.place}"
