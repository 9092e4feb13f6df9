"""What RDS plainly refuses, with the cause in the stack's event."""

import re
from collections.abc import Collection, Sequence

from emulator.engine import Emulator
from emulator.ministack.stacks import Properties

# Amazon RDS user guide, "Quotas and constraints" and CreateDBInstance's reference.
IDENTIFIER = re.compile(r"[a-zA-Z](?:-?[a-zA-Z0-9])*")
_MASTER = re.compile(r"[a-zA-Z][a-zA-Z0-9_]{0,62}")
_PASSWORD = re.compile(r"[!#-&(-.0-?A-~]{8,128}")
_RESERVED = {"admin", "postgres_admin", "public", "rdsadmin", "rds_iam", "rds_superuser"}
_STORAGE_TYPES = {"gp2", "gp3", "io1", "io2", "standard"}
_LOGS = {"iam-db-auth-error", "postgresql", "upgrade"}
_INTERVALS = {0, 1, 5, 10, 15, 30, 60}


def check_instance(emulator: Emulator, properties: Properties, *, exists: bool = False) -> None:
    """ValueError unless RDS would make an instance of these properties."""
    given = properties.get

    identifier = given("DBInstanceIdentifier", "x")
    require(
        IDENTIFIER.fullmatch(identifier) and len(identifier) <= 63,
        f"DBInstanceIdentifier {identifier!r}: letters, digits and single hyphens, 63 at most",
    )
    if not exists:
        taken = identifier in emulator.store("rds", "_instances")
        require(not taken, f"DB instance already exists: {identifier}")
    engine, release = given("Engine"), str(given("EngineVersion", ""))
    require(engine == "postgres", f"Engine {engine!r}: the local AWS has postgres alone")
    require(
        re.fullmatch(r"1[3-9](\.\d+)?", release),
        f"EngineVersion {release!r}: a version of PostgreSQL from 13 to 19, such as 17",
    )
    require(
        str(given("DBInstanceClass", "")).startswith("db."),
        f"DBInstanceClass {given('DBInstanceClass')!r}: a class such as db.t4g.micro",
    )
    check_master(properties)
    size = int(given("AllocatedStorage", 0))
    require(20 <= size <= 65536, f"AllocatedStorage {size}: 20 to 65536 GiB")
    kind = given("StorageType", "gp2")
    require(kind in _STORAGE_TYPES, f"StorageType {kind!r}: one of {sorted(_STORAGE_TYPES)}")
    check_backups(properties, least=0)
    check_monitoring(emulator, properties)
    check_logs(properties, _LOGS)
    check_network(emulator, properties, "VPCSecurityGroups")
    check_group(emulator, properties, "DBParameterGroupName", f"postgres{release.split('.')[0]}")


def require(condition: object, message: str) -> None:
    """ValueError with the message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def check_master(properties: Properties) -> None:
    """ValueError unless RDS would make such a master user, who has one password or none."""
    given = properties.get
    master = given("MasterUsername", "")
    require(
        _MASTER.fullmatch(master) and master not in _RESERVED,
        f"MasterUsername {master!r} cannot be used: it is reserved by the engine or no identifier",
    )
    method = given("MasterUserAuthenticationType", "password")
    require(
        method in ("iam-db-auth", "password"),
        f"MasterUserAuthenticationType {method!r}: iam-db-auth or password",
    )
    passwords = [
        name
        for name in ("MasterUserPassword", "ManageMasterUserPassword")
        if given(name) and str(given(name)).lower() != "false"
    ]
    if method == "password":
        require(
            len(passwords) == 1,
            "MasterUserAuthenticationType password requires MasterUserPassword or"
            " ManageMasterUserPassword, and not both",
        )
        require(
            passwords == ["ManageMasterUserPassword"]
            or _PASSWORD.fullmatch(str(given(passwords[0]))),
            "MasterUserPassword: 8 to 128 printable characters, and none of / ' \" @ or a space",
        )
    else:
        require(
            _true(given("EnableIAMDatabaseAuthentication")),
            "MasterUserAuthenticationType iam-db-auth requires EnableIAMDatabaseAuthentication",
        )
        require(not passwords, f"{', '.join(passwords)} cannot be given with iam-db-auth")


def check_backups(properties: Properties, *, least: int) -> None:
    """ValueError unless backups are kept for days that RDS takes."""
    days = int(properties.get("BackupRetentionPeriod", 1))
    require(least <= days <= 35, f"BackupRetentionPeriod {days}: {least} to 35 days")


def check_logs(properties: Properties, known: set[str]) -> None:
    """ValueError unless the engine has each log that is exported."""
    logs = set(properties.get("EnableCloudwatchLogsExports", []))
    require(logs <= known, f"EnableCloudwatchLogsExports {sorted(logs - known)}: {sorted(known)}")


def check_monitoring(emulator: Emulator, properties: Properties) -> None:
    """ValueError unless enhanced monitoring has an interval and a role that RDS may assume."""
    given = properties.get
    interval = int(given("MonitoringInterval", 0))
    require(interval in _INTERVALS, f"MonitoringInterval {interval}: {sorted(_INTERVALS)}")
    require(
        not interval or given("MonitoringRoleArn"),
        "MonitoringRoleArn is required with a MonitoringInterval",
    )
    if role := given("MonitoringRoleArn"):
        service = "monitoring.rds.amazonaws.com"
        require(
            emulator.identities.role_trusts(role, service, f"arn:aws:rds:{emulator.region}:::"),
            f"{role} does not let {service} assume it",
        )


def check_change(old: Properties, new: Properties) -> None:
    """ValueError unless RDS would change an instance's version and storage so.

    Source: "Choosing a major version for an upgrade" and "Modifying settings" of storage.
    """
    check_upgrade(old, new, "postgres")
    if int(new.get("AllocatedStorage", 0)) < int(old.get("AllocatedStorage", 0)):
        raise ValueError("Invalid storage size: an instance's storage cannot be reduced")


def check_upgrade(old: Properties, new: Properties, engine: str) -> None:
    """ValueError unless RDS would change an engine's version so."""
    before, after = (_version(one.get("EngineVersion")) for one in (old, new))
    if after < before[: len(after)]:
        raise ValueError(f"Cannot upgrade {engine} from {_dotted(before)} to {_dotted(after)}")
    if after[0] > before[0] and not _true(new.get("AllowMajorVersionUpgrade")):
        raise ValueError(
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major "
            "version."
        )


def _version(text: object) -> list[int]:
    return [int(part) for part in str(text).split(".")]


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def check_network(emulator: Emulator, properties: Properties, groups: str) -> None:
    """ValueError unless the subnets and the security groups are there.

    Args:
        emulator: that has them.
        properties: of an instance or a cluster.
        groups: the property that has the security groups.
    """
    subnet_group = properties.get("DBSubnetGroupName")
    if subnet_group:
        group = emulator.store("rds", "_subnet_groups").get(subnet_group)
        if group is None:
            raise ValueError(f"DBSubnetGroupName {subnet_group!r}: no such group")
        known = emulator.store("ec2", "_subnets")
        subnets = [known[subnet["SubnetIdentifier"]] for subnet in group["Subnets"]]
        if len({subnet["AvailabilityZone"] for subnet in subnets}) < 2:
            raise ValueError(f"{subnet_group} does not cover at least 2 Availability Zones")
    for security_group in properties.get(groups, []):
        if security_group not in emulator.store("ec2", "_security_groups"):
            raise ValueError(f"{groups}: no group {security_group!r}")


def check_group(emulator: Emulator, properties: Properties, name: str, family: str) -> None:
    """ValueError unless the parameter group that is `name`d is there, and of that family."""
    wanted = properties.get(name)
    if not wanted:
        return
    store = "_db_cluster_param_groups" if "Cluster" in name else "_param_groups"
    group = emulator.store("rds", store).get(wanted)
    if group is None:
        raise ValueError(f"{name.removesuffix('Name')} not found: {wanted}")
    found = group["DBParameterGroupFamily"]
    if found != family:
        raise ValueError(
            f"the parameter group {wanted} of family {found} cannot be used for "
            f"this instance: its family is {family}"
        )


def check_parameters(properties: Properties, known: Collection[str]) -> None:
    """ValueError unless PostgreSQL or RDS knows each parameter of a parameter group."""
    for name in properties.get("Parameters", {}):
        if name not in known and not name.startswith("rds."):
            raise ValueError(f"Could not find parameter with name: {name}")


def _true(value: object) -> bool:
    return str(value).lower() == "true"
