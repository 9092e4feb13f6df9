"""What cannot be so of servers that exist, as far as their declaration shows."""

from collections.abc import Iterator

from airflow_rds_iam.declaration import offers
from airflow_rds_iam.declaration.document import Path
from airflow_rds_iam.declaration.existing import ExistingInstance
from airflow_rds_iam.declaration.model import Declaration
from airflow_rds_iam.declaration.network import Network
from airflow_rds_iam.declaration.ranges import overlapping
from airflow_rds_iam.declaration.rds_endpoint import endpoint


def contradictions(declaration: Declaration, *, environment: str) -> Iterator[tuple[Path, str]]:
    """Where in the declaration, and what contradicts what there."""
    taken: dict[str, str] = {
        instance.identifier(environment, name): f"instances.{name}, which is made here,"
        for name, instance in declaration.instances.items()
        if not instance.existing
    }
    networks: dict[str, tuple[str, bool]] = {}
    for name, instance in declaration.instances.items():
        existing, path = instance.existing, ("instances", name, "existing")
        if existing is None:
            continue
        yield from _of_another_region(existing, path, declaration.region)
        yield from _in_another_network(existing, path, declaration.network)
        yield from _with_a_password(existing, path, declaration)
        for key, value in (
            ("endpoint", existing.identifier),
            ("resource_id", existing.resource_id),
        ):
            if value in taken:
                yield (*path, key), f"{value!r} is that of {taken[value]} already"
            taken[value] = f"instances.{name}"
        if group := existing.security_group:
            other = networks.setdefault(group, (name, bool(existing.ranges)))
            if other[1] != bool(existing.ranges):
                message = f"{group!r} is of one network, and instances.{other[0]} is in another"
                yield (*path, "security_group"), message


def _of_another_region(
    existing: ExistingInstance, path: Path, region: str | None
) -> Iterator[tuple[Path, str]]:
    found = endpoint(existing.endpoint)
    if found is None or region is None:
        return
    if found.region != region:
        # A policy, a rule of a security group and a token are each of one region.
        yield (
            (*path, "endpoint"),
            f"{existing.endpoint!r} is of {found.region}, and this environment of {region}: an "
            "instance must be of its environment's region",
        )
    elif region in offers.regions("rds") and offers.partition(region) not in found.partitions:
        yield (
            (*path, "endpoint"),
            f"{existing.endpoint!r} is a name of the partition {found.partitions[0]}, and {region} "
            f"is of {offers.partition(region)}",
        )


def _with_a_password(
    existing: ExistingInstance, path: Path, declaration: Declaration
) -> Iterator[tuple[Path, str]]:
    bootstrap = existing.bootstrap
    if bootstrap is None:
        return
    for key, arn in (("secret", bootstrap.secret), ("key", bootstrap.key)):
        region, account = arn.split(":")[3:5] if arn else (None, None)
        if arn and declaration.region and region != declaration.region:
            yield (
                (*path, "bootstrap", key),
                f"{arn!r} is of {region}, and this environment of {declaration.region}: must be of "
                "the instance's region",
            )
        elif arn and declaration.account and account != declaration.account:
            yield (
                (*path, "bootstrap", key),
                f"{arn!r} is of the account {account}: must be of this one, {declaration.account}",
            )
    network = declaration.network
    none_made = all(one.existing for one in declaration.airflows.values())
    if network.egress == "endpoints" and not network.existing and none_made:
        yield (
            (*path, "bootstrap"),
            "must have a way to Secrets Manager, and this network has neither NAT nor an endpoint "
            "of secretsmanager, as no Airflow is made in it: declare network.egress: nat, or run "
            "the SQL by hand (docs/existing.md)",
        )


def _in_another_network(
    existing: ExistingInstance, path: Path, network: Network
) -> Iterator[tuple[Path, str]]:
    if existing.security_group and existing.ranges and not network.ranges:
        yield (
            (*path, "ranges"),
            f"{existing.security_group} of another network lets in ranges: network.existing must "
            "have ranges, those of its addresses",
        )
    for position, one in enumerate(existing.ranges):
        for own in network.ranges:
            if overlapping(one, own):
                yield (
                    (*path, "ranges", position),
                    f"{one!r} overlaps {own}, which is of this environment's network: must be of "
                    "another, that it can be routed to; in the same one, no ranges are declared",
                )
