"""The Aurora clusters that CloudFormation made: a server that writes, and one for each reader.

A reader follows the writer as PostgreSQL's standbys do, so that it refuses whatever writes. All
endpoints of a cluster have its one port, as in Aurora, and lead to a server by their names.

Source: Amazon Aurora user guide, "Amazon Aurora endpoint connections".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.engine import Emulator
from emulator.ministack.stacks import Attributes, Created, Properties, ResourceType, Where
from emulator.rds import cluster_validation as validation
from emulator.rds import token
from emulator.rds.front_door import FrontDoor, Way
from emulator.rds.master import Secrets
from emulator.rds.place import Place
from emulator.rds.server import Server

_GROUPS = "_db_cluster_param_groups"
# What only the records of the emulator's own would follow.
_NOT_BY_API = ("CreateDBCluster", "FailoverDBCluster", "StartDBCluster", "StopDBCluster")


@dataclass
class _Cluster:
    server: Server
    door: FrontDoor
    open: bool = False
    readers: dict[str, Server] = field(default_factory=dict[str, Server])


class Clusters:
    """Keeps servers and doors as the emulator's records of clusters and their instances say."""

    def __init__(self, emulator: Emulator, place: Place, secrets: Secrets) -> None:
        self._emulator = emulator
        self._place = place
        self._secrets = secrets
        self._clusters: dict[str, _Cluster] = {}
        self._type = emulator.stacks.resource_type("AWS::RDS::DBCluster")
        self._member_type = emulator.stacks.resource_type("AWS::RDS::DBInstance")
        self._group_type = emulator.stacks.resource_type("AWS::RDS::DBClusterParameterGroup")
        emulator.stacks.handle(
            "AWS::RDS::DBCluster",
            ResourceType(self._create, self._delete, self._update),
            blocks=True,
        )
        emulator.stacks.handle(
            "AWS::RDS::DBClusterParameterGroup",
            ResourceType(self._create_group, self._group_type.delete, self._update_group),
        )
        for action in _NOT_BY_API:
            emulator.around(action, before=_refuse)
        emulator.around(
            "ModifyDBCluster", after=lambda asked: self._apply(asked["DBClusterIdentifier"])
        )

    def stop(self) -> None:
        """End each server at once."""
        for name in list(self._clusters):
            self._remove(name)

    # Clusters

    def _create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        validation.check_cluster(self._emulator, properties)
        name, _ = self._type.create(logical_id, properties, stack)
        record = self._record(name)
        server = self._place.server(record["DbClusterResourceId"], log=name)
        master, password = properties["MasterUsername"], properties.get("MasterUserPassword")
        try:
            if str(properties.get("ManageMasterUserPassword")).lower() == "true":
                password = self._secrets.keep(record, master, stack, kind="cluster")
            self._tell(record, properties)
            settings = self._settings(record)
            database = properties.get("DatabaseName")
            server.create(master, database, settings, password, aurora=True)
        except BaseException:
            server.remove()
            self._emulator.store("rds", "_clusters").pop(name, None)
            raise
        record["Endpoint"] = self._place.host(name, "cluster-")
        record["ReaderEndpoint"] = self._place.host(name, "cluster-ro-")
        self._clusters[name] = _Cluster(server, self._new_door(name, server))
        record["Port"] = self._clusters[name].door.port
        self._apply(name)
        return name, _attributes(record)

    def _new_door(self, name: str, server: Server) -> FrontDoor:
        return self._place.door(name, server, kind="cluster", stream=f"{name}.0")

    def _update(self, name: str, old: Properties, new: Properties, where: Where) -> Created:
        validation.check_cluster(self._emulator, new, exists=True)
        validation.check_change(old, new)
        record = self._record(name)
        port = record["Port"]
        self._type.change(name, old, new, where)
        record["Port"] = port
        self._tell(record, new)
        self._apply(name)
        return name, _attributes(record)

    def _delete(self, name: str, properties: Properties) -> None:
        record = self._emulator.store("rds", "_clusters").get(name)
        if record and record["DeletionProtection"]:
            raise ValueError(
                "Cannot delete protected Cluster, please disable deletion protection and try "
                "again. (Service: Rds, Error Code: InvalidParameterCombination)"
            )
        if record and record["DBClusterMembers"]:
            raise ValueError(
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state. "
                "(Service: Rds, Error Code: InvalidDBClusterStateFault)"
            )
        self._type.delete(name, properties)
        self._secrets.drop(record)
        self._remove(name)

    def _tell(self, record: dict[str, Any], properties: Properties) -> None:
        """Have the record tell what the emulator's own does not take from a template."""
        release = str(properties["EngineVersion"]).partition(".")[0]
        record["DBClusterParameterGroup"] = properties.get(
            "DBClusterParameterGroupName", f"default.aurora-postgresql{release}"
        )
        record["EnabledCloudwatchLogsExports"] = properties.get("EnableCloudwatchLogsExports", [])

    def _create_group(self, logical_id: str, properties: Properties, stack: str) -> Created:
        validation.check_parameters(properties, self._place.binaries.known_parameters)
        return self._group_type.create(logical_id, properties, stack)

    def _update_group(self, name: str, old: Properties, new: Properties, where: Where) -> Created:
        validation.check_parameters(new, self._place.binaries.known_parameters)
        changed = self._group_type.change(name, old, new, where)
        for cluster in self._clusters:
            if self._record(cluster)["DBClusterParameterGroup"] == name:
                self._apply(cluster)
        return changed

    # Their instances

    def create_member(self, logical_id: str, properties: Properties, stack: str) -> Created:
        """Make an instance of a cluster: the first one writes, and each other reads.

        ValueError with RDS's message if it is refused.
        """
        cluster = properties["DBClusterIdentifier"]
        validation.check_member(self._emulator, properties)
        name, attributes = self._member_type.create(logical_id, properties, stack)
        record, member = self._record(cluster), self._member(name)
        [told] = [one for one in record["DBClusterMembers"] if one["DBInstanceIdentifier"] == name]
        told["IsClusterWriter"] = len(record["DBClusterMembers"]) == 1
        member |= {
            "Endpoint": {
                **member["Endpoint"], "Address": self._place.host(name), "Port": record["Port"]
            },
            **{
                key: record[key]
                for key in ("IAMDatabaseAuthenticationEnabled", "StorageEncrypted")
            },
            "VpcSecurityGroups": record["VpcSecurityGroups"],
            "MasterUsername": record["MasterUsername"],
        }  # fmt: skip
        running = self._clusters[cluster]
        if not told["IsClusterWriter"]:
            reader = self._place.server(f"{record['DbClusterResourceId']}-{name}", log=cluster)
            try:
                reader.follow(running.server)
            except BaseException:
                reader.remove()
                self._member_type.delete(name, properties)
                raise
            running.readers[name] = reader
        self._apply(cluster)
        if not running.open:
            self._place.in_loop(running.door.open())
            running.open = True
        attributes["Endpoint.Address"] = member["Endpoint"]["Address"]
        return name, {**attributes, "Endpoint.Port": str(record["Port"])}

    def update_member(self, name: str, old: Properties, new: Properties, where: Where) -> Created:
        """Change an instance of a cluster. ValueError with RDS's message if it is refused."""
        validation.check_member(self._emulator, new, exists=True)
        endpoint = self._member(name)["Endpoint"]
        of_cluster = {
            key: self._member(name)[key]
            for key in ("IAMDatabaseAuthenticationEnabled", "VpcSecurityGroups")
        }
        _, attributes = self._member_type.change(name, old, new, where)
        self._member(name).update(of_cluster, Endpoint=endpoint)
        return name, {
            **attributes,
            "Endpoint.Address": endpoint["Address"],
            "Endpoint.Port": str(endpoint["Port"]),
        }

    def delete_member(self, name: str, properties: Properties) -> None:
        """Remove an instance; where it wrote, the next one writes from then on."""
        self._member_type.delete(name, properties)
        cluster = properties["DBClusterIdentifier"]
        running = self._clusters.get(cluster)
        if running is None:
            return
        members = self._record(cluster)["DBClusterMembers"]
        if reader := running.readers.pop(name, None):
            reader.remove()
        elif members:
            members[0]["IsClusterWriter"] = True
            running.readers.pop(members[0]["DBInstanceIdentifier"]).remove()
        if not members and running.open:
            # Its data stays, and nobody answers at its endpoints.
            self._place.in_loop(running.door.close())
            running.door, running.open = self._new_door(cluster, running.server), False
        self._apply(cluster)

    # What follows a change of a record

    def _apply(self, name: str) -> None:
        """Make the servers and the door what the record says."""
        running, record = self._clusters[name], self._record(name)
        settings = self._settings(record)
        for server in (running.server, *running.readers.values()):
            server.configure(settings)
            server.reload()
        reader = next(iter(running.readers.values()), running.server)
        ways = {
            record["Endpoint"]: self._way(record["Endpoint"], running.server, record),
            record["ReaderEndpoint"]: self._way(record["ReaderEndpoint"], reader, record),
        }
        for member in record["DBClusterMembers"]:
            instance = member["DBInstanceIdentifier"]
            host, server = self._place.host(instance), running.readers.get(instance, running.server)
            ways[host] = self._way(host, server, record)
        running.door.lead(ways)
        running.door.force_ssl = settings.get("rds.force_ssl", "1") == "1"

    def _way(self, host: str, server: Server, record: Mapping[str, Any]) -> Way:
        """Users log in by the cluster's id, at whichever of its endpoints."""
        endpoint = token.Endpoint(host, record["Port"], record["DbClusterResourceId"])
        return self._place.way(server, endpoint, iam=record["IAMDatabaseAuthenticationEnabled"])

    def _remove(self, name: str) -> None:
        if running := self._clusters.pop(name, None):
            self._place.in_loop(running.door.close())
            for server in (*running.readers.values(), running.server):
                server.remove()

    def _record(self, name: str) -> dict[str, Any]:
        with self._emulator.scope():
            return self._emulator.store("rds", "_clusters")[name]

    def _member(self, name: str) -> dict[str, Any]:
        with self._emulator.scope():
            return self._emulator.store("rds", "_instances")[name]

    def _settings(self, record: Mapping[str, Any]) -> dict[str, str]:
        return self._place.settings(_GROUPS, record["DBClusterParameterGroup"])


def _attributes(record: Mapping[str, Any]) -> Attributes:
    return {
        "DBClusterArn": record["DBClusterArn"],
        "DBClusterResourceId": record["DbClusterResourceId"],
        "Endpoint.Address": record["Endpoint"],
        "Endpoint.Port": str(record["Port"]),
        "ReadEndpoint.Address": record["ReaderEndpoint"],
        "MasterUserSecret.SecretArn": record.get("MasterUserSecret", {}).get("SecretArn", ""),
    }


def _refuse(_: Mapping[str, str]) -> None:
    raise ValueError("the local AWS makes and changes clusters through CloudFormation only")
