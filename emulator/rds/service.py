"""The instances that CloudFormation and RDS's API made, each with its server and front door."""

import asyncio
import contextlib
import hashlib
import json
import secrets
import threading
import uuid
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from emulator.certificates import CertificateAuthority
from emulator.engine import Attributes, Created, Emulator, Properties, ResourceType
from emulator.loop import running_loop
from emulator.rds import token, validation
from emulator.rds.front_door import FrontDoor, refuse
from emulator.rds.server import Binaries, Server
from emulator.rds.spread import Spread

_AUTHORITIES = ("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
# What a client that verifies must refuse: a certificate of an authority that none trusts, and one
# of the right authority for another server.
_UNTRUSTED, _MISNAMED = "untrusted", "misnamed"
IAM_LOG = "iam-db-auth-error"


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
        self._authority = authority
        self._untrusted = CertificateAuthority("An authority that nobody trusts")
        self._state = state / "rds"
        self._sockets = runtime / "sockets"
        self._binaries = Binaries(data=self._state, runtime=runtime)
        # Before it is asked for, as it takes two seconds to make.
        self._preparation = threading.Thread(target=self._binaries.make_template)
        self._preparation.start()
        self.spread = Spread()
        self._instances: dict[str, _Instance] = {}
        # A name's port stays, as it does on RDS, whichever instance has the name.
        self._ports: dict[str, int] = {}
        self._running = contextlib.ExitStack()
        self._loop = self._running.enter_context(running_loop())
        self._instance_type = emulator.resource_type("AWS::RDS::DBInstance")
        self._secret_type = emulator.resource_type("AWS::SecretsManager::Secret")
        self._group_type = emulator.resource_type("AWS::RDS::DBParameterGroup")
        emulator.handle(
            "AWS::RDS::DBInstance",
            ResourceType(self._create, self._delete, self._update),
            blocks=True,
        )
        emulator.handle(
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
        self._preparation.join()
        for name in list(self._instances):
            self._remove(name)
        self._running.close()

    # CloudFormation

    def _create(self, logical_id: str, properties: Properties, stack: str) -> Created:
        validation.check_instance(self._emulator, properties)
        name, _ = self._instance_type.create(logical_id, properties, stack)
        record = self._record(name)
        server = self._server(name, record)
        master, password = properties["MasterUsername"], properties.get("MasterUserPassword")
        try:
            if str(properties.get("ManageMasterUserPassword")).lower() == "true":
                password = self._keep_secret(record, master, stack)
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

    def _update(self, name: str, old: Properties, new: Properties) -> Created:
        validation.check_instance(self._emulator, new, exists=True)
        validation.check_change(old, new)
        record = self._record(name)
        port = record["Endpoint"]["Port"]
        self._instance_type.change(name, old, new)
        record["Endpoint"]["Port"] = port
        self._apply(name)
        return name, _attributes(record)

    def _delete(self, name: str, properties: Properties) -> None:
        record = self._emulator.store("rds", "_instances").get(name)
        if record and record["DeletionProtection"]:
            raise ValueError(
                "Cannot delete protected DB Instance, please disable deletion protection and try "
                "again. (Service: Rds, Error Code: InvalidParameterCombination)"
            )
        self._instance_type.delete(name, properties)
        if record and (secret := record.get("MasterUserSecret")):
            self._secret_type.delete(secret["SecretArn"].split(":")[6].rpartition("-")[0], {})
        self._remove(name)

    def _keep_secret(self, record: dict[str, Any], master: str, stack: str) -> str:
        """Make a password for the master, and keep it as RDS does; the password.

        Source: "Password management with Amazon RDS and AWS Secrets Manager".
        """
        password = secrets.token_urlsafe(21)
        text = json.dumps({"username": master, "password": password})
        name = f"rds!db-{uuid.uuid4()}"
        _, made = self._secret_type.create(
            "MasterUserSecret", {"Name": name, "SecretString": text}, stack
        )
        record["MasterUserSecret"] = {"SecretArn": made["Arn"], "SecretStatus": "active"}
        return password

    def _create_group(self, logical_id: str, properties: Properties, stack: str) -> Created:
        validation.check_parameters(properties, self._binaries.known_parameters)
        return self._group_type.create(logical_id, properties, stack)

    def _update_group(self, name: str, old: Properties, new: Properties) -> Created:
        validation.check_parameters(new, self._binaries.known_parameters)
        self._group_type.change(name, old, new)
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
        self._in_loop(instance.door.close())
        instance.server.stop()
        instance.server.log = self._log(new)
        instance.server.start()
        self._open(new, record, instance.server)

    def _save(self, asked: Mapping[str, str]) -> None:
        instance = self._instances[_name(asked)]
        self._in_loop(instance.door.forget_server())
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
        return Server(
            self._binaries,
            name=directory,
            sockets=self._sockets,
            log=self._log(record["DBInstanceIdentifier"]),
        )

    def _log(self, name: str, log: str = "postgresql") -> Path:
        file = self._state / name / f"{log}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        return file

    def _snapshot(self, asked: Mapping[str, str]) -> Path:
        return self._binaries.data / "snapshots" / asked["DBSnapshotIdentifier"]

    def _open(self, name: str, record: dict[str, Any], server: Server) -> None:
        """Let clients in to a server, at the endpoint of the instance's name."""
        # The middle of an endpoint's name is the same for all instances of an account and region.
        place = f"{self._emulator.account} {self._emulator.region}"
        middle = "c" + hashlib.sha256(place.encode()).hexdigest()[:11]
        host = f"{name}.{middle}.{self._emulator.region}.rds.amazonaws.com"
        door = FrontDoor(
            server_socket=server.socket,
            server_log=server.log,
            error_log=self._log(name, IAM_LOG),
            export=partial(
                self._emulator.export_log, f"/aws/rds/instance/{name}/{IAM_LOG}", f"{name}.0"
            ),
            certificate=self._authority.server_context(host),
            port=self._ports.get(name, 0),
        )
        self._ports[name] = door.port
        record["Endpoint"] |= {"Address": host, "Port": door.port}
        self._instances[name] = _Instance(server, door)
        self._apply(name)
        self._in_loop(door.open())

    def _apply(self, name: str) -> None:
        """Make the server and front door what the record says."""
        instance = self._instances.get(name)
        if instance is None:
            return
        record = self._record(name)
        settings = self._settings(record)
        instance.server.configure(settings)
        instance.server.reload()
        endpoint = token.Endpoint(
            record["Endpoint"]["Address"], instance.door.port, record["DbiResourceId"]
        )
        certificate = record["CACertificateIdentifier"]
        authority = self._untrusted if certificate == _UNTRUSTED else self._authority
        instance.door.certificate = authority.server_context(
            f"another-{endpoint.host}" if certificate == _MISNAMED else endpoint.host
        )
        instance.door.force_ssl = settings.get("rds.force_ssl", "1") == "1"
        iam = record["IAMDatabaseAuthenticationEnabled"]
        instance.door.check = (
            partial(token.check, self._emulator, self.spread, endpoint) if iam else refuse
        )

    def _restart(self, name: str) -> None:
        if instance := self._instances.get(name):
            self._in_loop(instance.door.forget_server())
            instance.server.stop()
            instance.server.start()

    def _stop(self, name: str) -> None:
        """Nothing answers at a stopped instance's port, and its name stays."""
        instance = self._instances[name]
        self._in_loop(instance.door.close())
        instance.server.stop()

    def _start(self, name: str) -> None:
        server = self._instances[name].server
        server.start()
        self._open(name, self._record(name), server)

    def _remove(self, name: str) -> None:
        if instance := self._instances.pop(name, None):
            self._in_loop(instance.door.close())
            instance.server.remove()

    def _record(self, name: str) -> dict[str, Any]:
        with self._emulator.scope():
            return self._emulator.store("rds", "_instances")[name]

    def _group(self, record: dict[str, Any]) -> str:
        return record["DBParameterGroups"][0]["DBParameterGroupName"]

    def _settings(self, record: dict[str, Any]) -> dict[str, str]:
        with self._emulator.scope():
            group = self._emulator.store("rds", "_param_groups").get(self._group(record))
        parameters: dict[str, dict[str, str]] = group["Parameters"] if group else {}
        return {name: value["ParameterValue"] for name, value in parameters.items()}

    def _in_loop(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


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
    if chosen and chosen not in (*_AUTHORITIES, _UNTRUSTED, _MISNAMED):
        raise ValueError(f"CertificateNotFound: {chosen!r} is none of {', '.join(_AUTHORITIES)}")
