"""What a declaration asks for and AWS does not offer, as far as is known here."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from airflow_rds_iam import certificates
from airflow_rds_iam.certificates import RDS_CERTIFICATES
from airflow_rds_iam.declaration import offers
from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.engines import AURORA, POSTGRES, SERVERLESS
from airflow_rds_iam.declaration.instances import Instance
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.network import Network

_CALLED = {POSTGRES: "PostgreSQL", AURORA: "Aurora PostgreSQL"}


def unavailable(declaration: Declaration) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and what is not offered, with the nearest that is."""
    region = declaration.region
    if region:
        yield from _region(region)
        yield from _zones(declaration.network, region)
        yield from _arns(declaration, region)
    for name, instance in declaration.instances.items():
        yield from _instance(("instances", name), instance, region)


def _region(region: str) -> Iterator[tuple[Path, str]]:
    known = {service: offers.regions(service) for service in offers.SERVICES}
    everything = offers.regions("airflow") & offers.regions("rds")
    if not any(region in regions for regions in known.values()):
        yield ("region",), f"{region!r} is no region of AWS; {_nearest(region, everything)}"
        return
    for service, regions in known.items():
        if region not in regions:
            message = f"{region!r} has no {offers.SERVICES[service]}"
            yield ("region",), f"{message}; {_nearest(region, everything)}"
            return
    if region not in certificates.regions():
        yield (
            ("region",),
            f"no authority of {region!r} is in {RDS_CERTIFICATES.name}, so no login there could"
            " be verified: download Amazon RDS's newest bundle and run make certificates FILE=…",
        )


def _zones(network: Network, region: str) -> Iterator[tuple[Path, str]]:
    # An account of long standing may have one that newer ones do not see, but none beyond the last.
    known = offers.zones(region)
    for position, zone in enumerate(network.zone_letters):
        if known and zone > max(known):
            message = f"{zone!r} is no zone of {region}; there are {', '.join(sorted(known))}"
            if network.existing:
                yield ("network", "existing", "subnets", position, "zone"), message
            else:
                yield ("network", "zones", position), message


def _arns(declaration: Declaration, region: str) -> Iterator[tuple[Path, str]]:
    if region not in offers.regions("rds"):
        return
    partition = offers.partition(region)
    arns: list[tuple[Path, str]] = []
    for name, identity in declaration.identities.items():
        path = ("identities", name)
        if identity.role_arn:
            arns.append(((*path, "role_arn"), identity.role_arn))
        if identity.other_account:
            arns.append(((*path, "other_account", "role_arn"), identity.other_account.role_arn))
        if identity.saml:
            arns.append(((*path, "saml", "provider_arn"), identity.saml.provider_arn))
    topic = declaration.alarms.topic_arn
    regional: list[tuple[Path, str, str]] = []
    if topic:
        # "Using Amazon CloudWatch alarms": an alarm tells a topic of its own region.
        regional.append((("alarms", "topic_arn"), topic, "its alarm"))
    for name, airflow in declaration.airflows.items():
        path = declaration.airflow_path(name)
        if existing := airflow.existing:
            arns.append(((*path, "existing", "role_arn"), existing.role_arn))
        if airflow.key and airflow.key != "aws":
            regional.append(((*path, "key"), airflow.key, "its environment"))
    for path, arn in [*arns, *((path, arn) for path, arn, _ in regional)]:
        if arn.split(":")[1] != partition:
            yield path, f"{arn!r} is of another partition: {region} is of {partition!r}"
    for path, arn, of in regional:
        if arn.split(":")[3] != region:
            yield path, f"{arn!r} must be of {region}, as {of} is"


def _instance(path: Path, instance: Instance, region: str | None) -> Iterator[tuple[Path, str]]:
    version, engine = instance.engine_version, instance.engine
    major, _, minor = version.partition(".")
    versions, called = offers.engine_versions(major, engine), _CALLED[engine]
    # A later one may be newer than what is known here.
    if minor and version not in versions and int(minor) < max(map(_minor, versions)):
        latest = sorted(versions, key=_minor)[-3:]
        message = f"RDS has no {called} {version!r}; the latest known are {', '.join(latest)}"
        yield (*path, "engine_version"), message
    classes = offers.instance_classes(major, region, engine)
    wanted = SERVERLESS if instance.serverless else instance.instance_class
    if classes and wanted not in classes:
        where = f"in {region}" if region else "in any region"
        message = f"{wanted!r} does not run {called} {major} {where}"
        key = "serverless" if instance.serverless else "class"
        yield (*path, key), f"{message}; {_nearest(wanted, classes)}"


def _nearest(name: str, names: Collection[str]) -> str:
    return f"the nearest are {', '.join(get_close_matches(name, sorted(names), n=3, cutoff=0))}"


def _minor(version: str) -> int:
    return int(version.partition(".")[2])
