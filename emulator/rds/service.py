"""The instances that CloudFormation and RDS's API made, each with its server and front door."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.certificates import CertificateAuthority
from emulator.engine import Emulator
from emulator.ministack.stacks import Attributes, Created, Properties, ResourceType, Where
from emulator.rds import token, validation
from emulator.rds.clusters import Clusters
from emulator.rds.front_door import FrontDoor
from emulator.rds.master import Secrets
from emulator.rds.place import MISNAMED, UNTRUSTED, Place
from emulator.rds.server import Server
from emulator.rds.spread import Spread

_AUTHORITIES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")


@dataclass
class _Instance:
    server: Server
    door: FrontDoor


class Rds:
    """Keeps servers and front doors as the emulator's records of instances say."""

    def __init__(
        self,
        emulator: Emulator,
        *,
        authority: CertificateAuthority,
        state: Path,
        runtime: Path,
    ) -> None:
        self._emulator = emulator
        self._place = Place(emulator, authority=authority, state=state, runtime=runtime)
        self._instances: dict[str, _Instance] = {}
        self._secrets = Secrets(emulator)
        self._clusters = Clusters(emulator, self._place, self._secrets)
        self.spread: Spread = self._place.spread
        self._instance_type = emulator.stacks.resource_type("AWS::RDS::DBInstance")
        self._group_type = emulator.stacks.resource_type("AWS::RDS::DBParameterGroup")
        emulator.stacks.handle(
            "AWS::RDS::DBInstance",
            ResourceType(self._create, self._delete, self._update),
            blocks=True,
        )
        emulator.stacks.handle(
            "AWS::RDS::DBParameterGroup",
            ResourceType(self._create_group, self._group_type.delete, self._update_group),
        )
        emulator.around("CreateDBInstance", before=_refuse_creation)
        emulator.around("ModifyDBInstance", before=self._check_change, after=self._change)
        emulator.around("DeleteDBInstance", after=lambda asked: self._remove(_name(asked)))
        emulator.around("RebootDBInstance", after=lambda asked: self._restart(_name(asked)))
        emulator.around("StopDBInstance", after=lambda asked: self._stop(_name(asked)))
        emulator.around("StartDBInstance", after=lambda asked: self._start(_name(asked)))
        emulator.around("CreateDBSnapshot", after=self._save)
        emulator.around("RestoreDBInstanceFromDBSnapshot", after=self._restore)

    def stop(self) -> None:
        """End each server at once."""
        self._place.wait()
        for name in list(self._instances):
            self._remove(name)
        self._clusters.stop()
        self._place.stop()

    # CloudFormation

    def _create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        if properties.get("DBClusterIdentifier"):
            return self._clusters.create_member(logical_id, properties, stack)
        validation.check_instance(self._emulator, properties)
        name, _ = self._instance_type.create(logical_id, properties, stack)
        record = self._record(name)
        server = self._server(name, record)
        master, password = properties["MasterUsername"], properties.get("MasterUserPassword")
        try:
            if str(properties.get("ManageMasterUserPassword")).lower() == "true":
                password = self._secrets.keep(record, master, stack, kind="db")
            server.create(master, properties.get("DBName"), self._settings(record), password)
        except BaseException:
            server.remove()
            self._emulator.store("rds", "_instances").pop(name, None)
            raise
        record["DBName"] = properties.get("DBName", "")
        record["MasterUserAuthenticationType"] = properties.get(
            "MasterUserAuthenticationType", "password"
        )
        self._open(name, record, server)
        return name, _attributes(record)

    def _update(self, name: str, old: Properties, new: Properties, where: Where) -> Created:
        if new.get("DBClusterIdentifier"):
            return self._clusters.update_member(name, old, new, where)
        validation.check_instance(self._emulator, new, exists=True)
        validation.check_change(old, new)
        record = self._record(name)
        port = record["Endpoint"]["Port"]
        self._instance_type.change(name, old, new, where)
        record["Endpoint"]["Port"] = port
        self._apply(name)
        return name, _attributes(record)

    def _delete(self, name: str, properties: Properties) -> None:
        if properties.get("DBClusterIdentifier"):
            self._clusters.delete_member(name, properties)
            return
        record = self._emulator.store("rds", "_instances").get(name)
        if record and record["DeletionProtection"]:
            raise ValueError(
                "Cannot delete protected DB Instance, please disable deletion protection and try "
                "again. (Service: Rds, Error Code: InvalidParameterCombination)"
            )
        self._instance_type.delete(name, properties)
        self._secrets.drop(record)
        self._remove(name)

    def _create_group(self, logical_id: str, properties: Properties, stack: str) -> Created:
        validation.check_parameters(properties, self._place.binaries.known_parameters)
        return self._group_type.create(logical_id, properties, stack)

    def _update_group(self, name: str, old: Properties, new: Properties, where: Where) -> Created:
        validation.check_parameters(new, self._place.binaries.known_parameters)
        self._group_type.change(name, old, new, where)
        for instance in self._instances:
            if self._group(self._record(instance)) == name:
                self._apply(instance)
        return name, {"DBParameterGroupName": name}

    # What RDS's API asks for

    def _check_change(self, asked: Mapping[str, str]) -> None:
        _check_authority(asked)
        new = asked.get("NewDBInstanceIdentifier")
        if new in self._instances:
            raise ValueError(f"DBInstanceAlreadyExists: {new!r}")

    def _change(self, asked: Mapping[str, str]) -> None:
        name, new = _name(asked), asked.get("NewDBInstanceIdentifier")
        if new and asked.get("ApplyImmediately") == "true":
            self._rename(name, new)
        else:
            self._apply(name)

    def _rename(self, name: str, new: str) -> None:
        """Another name is another endpoint and other logs; RDS restarts the server for it."""
        instance, record = self._instances.pop(name), self._record(name)
        with self._emulator.scope():
            records = self._emulator.store("rds", "_instances")
            records[new] = records.pop(name)
        record["DBInstanceIdentifier"] = new
        record["DBInstanceArn"] = record["DBInstanceArn"].removesuffix(name) + new
        self._place.in_loop(instance.door.close())
        instance.server.stop()
        instance.server.log = self._place.log(new)
        instance.server.start()
        self._open(new, record, instance.server)

    def _save(self, asked: Mapping[str, str]) -> None:
        instance = self._instances[_name(asked)]
        self._place.in_loop(instance.door.forget_server())
        instance.server.save(self._snapshot(asked))

    def _restore(self, asked: Mapping[str, str]) -> None:
        """Another instance, and so with another resource id, with a snapshot's data.

        It has what the request says, and not what the instance had.
        """
        name = _name(asked)
        record = self._record(name)
        # As long as RDS's are.
        record["DbiResourceId"] = f"db-{secrets.token_hex(13).upper()}"
        record["MasterUserAuthenticationType"] = "iam-db-auth"
        record["IAMDatabaseAuthenticationEnabled"] = (
            asked.get("EnableIAMDatabaseAuthentication") == "true"
        )
        if group := asked.get("DBParameterGroupName"):
            record["DBParameterGroups"][0]["DBParameterGroupName"] = group
        server = self._server(record["DbiResourceId"], record)
        server.restore(self._snapshot(asked), self._settings(record))
        self._open(name, record, server)

    # What follows a change of a record

    def _server(self, directory: str, record: Mapping[str, Any]) -> Server:
        return self._place.server(directory, log=record["DBInstanceIdentifier"])

    def _snapshot(self, asked: Mapping[str, str]) -> Path:
        return self._place.binaries.data / "snapshots" / asked["DBSnapshotIdentifier"]

    def _open(self, name: str, record: dict[str, Any], server: Server) -> None:
        """Let clients in to a server, at the endpoint of the instance's name."""
        door = self._place.door(name, server, kind="instance", stream=f"{name}.0")
        record["Endpoint"] |= {"Address": self._place.host(name), "Port": door.port}
        self._instances[name] = _Instance(server, door)
        self._apply(name)
        self._place.in_loop(door.open())

    def _apply(self, name: str) -> None:
        """Make the server and front door what the record says."""
        instance = self._instances.get(name)
        if instance is None:
            return
        record = self._record(name)
        settings = self._settings(record)
        instance.server.configure(settings)
        instance.server.reload()
        host = record["Endpoint"]["Address"]
        way = self._place.way(
            instance.server,
            token.Endpoint(host, instance.door.port, record["DbiResourceId"]),
            iam=record["IAMDatabaseAuthenticationEnabled"],
            certificate=record["CACertificateIdentifier"],
        )
        instance.door.lead({host: way})
        instance.door.force_ssl = settings.get("rds.force_ssl", "1") == "1"

    def _restart(self, name: str) -> None:
        if instance := self._instances.get(name):
            self._place.in_loop(instance.door.forget_server())
            instance.server.stop()
            instance.server.start()

    def _stop(self, name: str) -> None:
        """Nothing answers at a stopped instance's port, and its name stays."""
        instance = self._instances[name]
        self._place.in_loop(instance.door.close())
        instance.server.stop()

    def _start(self, name: str) -> None:
        server = self._instances[name].server
        server.start()
        self._open(name, self._record(name), server)

    def _remove(self, name: str) -> None:
        if instance := self._instances.pop(name, None):
            self._place.in_loop(instance.door.close())
            instance.server.remove()

    def _record(self, name: str) -> dict[str, Any]:
        with self._emulator.scope():
            return self._emulator.store("rds", "_instances")[name]

    def _group(self, record: dict[str, Any]) -> str:
        return record["DBParameterGroups"][0]["DBParameterGroupName"]

    def _settings(self, record: dict[str, Any]) -> dict[str, str]:
        return self._place.settings("_param_groups", self._group(record))


def _attributes(record: dict[str, Any]) -> Attributes:
    return {
        "DBInstanceArn": record["DBInstanceArn"],
        "DBSystemId": "",
        "DbiResourceId": record["DbiResourceId"],
        "Endpoint.Address": record["Endpoint"]["Address"],
        "Endpoint.HostedZoneId": record["Endpoint"]["HostedZoneId"],
        "Endpoint.Port": str(record["Endpoint"]["Port"]),
        "MasterUserSecret.SecretArn": record.get("MasterUserSecret", {}).get("SecretArn", ""),
    }


def _name(asked: Mapping[str, str]) -> str:
    return asked["DBInstanceIdentifier"]


def _refuse_creation(_: Mapping[str, str]) -> None:
    raise ValueError("the local AWS creates instances through CloudFormation only")


def _check_authority(parameters: Mapping[str, str]) -> None:
    chosen = parameters.get("CACertificateIdentifier")
    if chosen and chosen not in (*_AUTHORITIES, UNTRUSTED, MISNAMED):
        raise ValueError(f"CertificateNotFound: {chosen!r} is none of {', '.join(_AUTHORITIES)}")
