from pathlib import Path

import pytest

from tests.declared import dev, written
from tests.existing import CLUSTERED, LAKE, POND, existing, refused

RDS = "abc.eu-central-1.rds.amazonaws.com"


def test_an_instance_by_its_attributes_is_taken_beside_a_new_one_and_another(
    tmp_path: Path,
) -> None:
    assert refused({"instances.lake": LAKE, "instances.pond": POND}, tmp_path) == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("endpoint", "db.corp.example", "is no endpoint of Amazon RDS"),
        ("endpoint", "10.1.2.3", "is no endpoint of Amazon RDS"),
        ("endpoint", f"lake.{RDS}:5432", "without a port"),
        ("endpoint", f"lake.cluster-ro-{RDS}", "is the endpoint of the readers of an Aurora"),
        ("endpoint", f"lake.proxy-{RDS}", "is the endpoint of an RDS Proxy"),
        ("endpoint", f"own.endpoint.proxy-{RDS}", "is the endpoint of an RDS Proxy"),
        ("endpoint", f"Lake.{RDS}", "in lower case"),
        ("endpoint", f"https://lake.{RDS}/", "without a port"),
        ("endpoint", f"lake.{RDS}.", "is no endpoint of Amazon RDS"),
        (
            "endpoint",
            "lake.abc.us-gov-west-1.rds.amazonaws.com",
            "is of us-gov-west-1, and this environment of eu-central-1",
        ),
        ("port", 70000, "must be a whole number of 1150 to 65535"),
        ("security_group", "sgr-0a1b2c3d", "must be the id of a security group"),
        ("security_group", "sg-0A1B2C3D", "must be the id of a security group"),
        (
            "security_group",
            "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-0a1b2c3d",
            "must be the id of a security group",
        ),
        ("resource_id", "db-abcdef", "must be db- and capitals and digits"),
        (
            "endpoint",
            "lake.abc.us-east-1.rds.amazonaws.com",
            "is of us-east-1, and this environment of eu-central-1",
        ),
        (
            "endpoint",
            "lake.cluster-abc.eu-central-1.docdb.amazonaws.com",
            "is of Amazon DocumentDB",
        ),
        ("endpoint", "lake.abc.eu-central-1.redshift.amazonaws.com", "is of Amazon Redshift"),
        ("endpoint", f"lake.{RDS}.cn", "is a name of the partition aws-cn"),
        (
            "endpoint",
            f"dev-warehouse.{RDS}",
            "'dev-warehouse' is that of instances.warehouse, which is made here, already",
        ),
        ("port", 443, "must be a whole number of 1150 to 65535"),
        ("port", "5432", "is text, remove the quotes"),
        (
            "endpoint",
            f"lake.cluster-custom-{RDS}",
            "is the endpoint of some instances of an Aurora",
        ),
        ("resource_id", "cluster-ABC", "is the id of an Aurora cluster: must be that of an"),
        ("resource_id", "prx-ABC", "is the id of an RDS Proxy"),
        ("resource_id", "arn:aws:rds:eu-central-1:111122223333:db:lake", "is no id but an ARN"),
        ("resource_id", "lake", "the instance's name is not its id"),
        ("security_group", "default", "must be the id of a security group"),
        ("administrator", "rdsadmin", "must be a user that a person made, or RDS's master"),
        ("administrator", "airflow_rds_iam", "must be a user that a person made"),
        ("administrator", "a b", "must be the name of a PostgreSQL user"),
    ],
)
def test_each_wrong_attribute_has_its_sentence_at_its_place(
    key: str, value: object, says: str, tmp_path: Path
) -> None:
    [line] = refused(existing(**{key: value}), tmp_path)
    assert line.startswith(f"instances.lake.existing.{key}: ")
    assert says in line


CLUSTER = CLUSTERED["existing"]


def test_a_cluster_by_its_attributes_is_taken_beside_instances(tmp_path: Path) -> None:
    for declared in (CLUSTERED, {**CLUSTERED, "engine": "aurora-postgresql"}):
        assert refused({"instances.lake": LAKE, "instances.sea": declared}, tmp_path) == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("resource_id", "db-SEA", "is the id of an instance: must be that of a cluster, which"),
        ("endpoint", f"sea.cluster-ro-{RDS}", "is the endpoint of the readers of an Aurora"),
        ("endpoint", f"sea.cluster-custom-{RDS}", "is the endpoint of some instances of an"),
        ("resource_id", "sea", "the DbClusterResourceId of `aws rds describe-db-clusters`: the"),
        ("resource_id", "arn:aws:rds:eu-central-1:111122223333:cluster:sea", "is no id but an ARN"),
        (
            "reader_endpoint",
            f"sea.cluster-{RDS}",
            "must be the reader endpoint of the same cluster, "
            "sea.cluster-ro-abcdefghijkl.eu-central-1.rds.amazonaws.com",
        ),
        ("reader_endpoint", f"lake.cluster-ro-{RDS}", "the reader endpoint of the same cluster"),
        ("reader_endpoint", "10.1.2.3", "the reader endpoint of the same cluster"),
    ],
)
def test_each_wrong_attribute_of_a_cluster_has_its_sentence_at_its_place(
    key: str, value: str, says: str, tmp_path: Path
) -> None:
    sea = {**CLUSTERED, "existing": {**CLUSTER, key: value}}
    [line] = refused({"instances.sea": sea}, tmp_path)
    assert line.startswith(f"instances.sea.existing.{key}: ")
    assert says in line


def test_an_instance_has_no_readers(tmp_path: Path) -> None:
    [line] = refused(existing(reader_endpoint=CLUSTER["reader_endpoint"]), tmp_path)
    assert line.startswith("instances.lake.existing.reader_endpoint: ")
    assert "must go with the endpoint of an Aurora cluster" in line


@pytest.mark.parametrize(
    ("path", "declared", "says"),
    [
        ("lake", {**LAKE, "engine": "aurora-postgresql"}, "must go with the endpoint of a cluster"),
        ("sea", {**CLUSTERED, "engine": "postgres"}, "must go with the endpoint of an instance"),
    ],
)
def test_the_engine_is_that_of_the_endpoint(
    path: str, declared: object, says: str, tmp_path: Path
) -> None:
    [line] = refused({f"instances.{path}": declared}, tmp_path)
    assert says in line


def test_the_readers_connection_is_no_other_databases(tmp_path: Path) -> None:
    databases = {"sales": {"read": ["airflow"]}, "sales_reader": {"read": ["airflow"]}}
    [line] = refused({"instances.sea": {**CLUSTERED, "databases": databases}}, tmp_path)
    assert line.startswith("instances.sea.databases.sales_reader: its connection")
    assert "'sea_sales_reader' of airflow is that of the readers of 'sales'" in line


@pytest.mark.parametrize(
    ("name", "engine"),
    [
        ("mysql", "MySQL"),
        ("aurora-mysql", "Aurora MySQL"),
        ("mariadb", "MariaDB"),
        ("MariaDB", "MariaDB"),
        ("oracle-se2-cdb", "Oracle Database"),
        ("custom-sqlserver-ee", "SQL Server"),
        ("db2-se", "Db2"),
    ],
)
def test_another_engine_is_refused_by_name(name: str, engine: str, tmp_path: Path) -> None:
    said = (
        f"{name!r}: is of {engine}, and this application knows PostgreSQL alone, of RDS and of "
        "Aurora: users, roles and privileges are others in each engine; must be postgres or "
        "aurora-postgresql"
    )
    for instance, declared in (("lake", {**LAKE, "engine": name}), ("warehouse.engine", name)):
        [line] = refused({f"instances.{instance}": declared}, tmp_path)
        assert line == f"instances.{instance.removesuffix('.engine')}.engine: {said}"


def test_postgresql_may_be_said(tmp_path: Path) -> None:
    assert refused({"instances.lake": {**LAKE, "engine": "postgres"}}, tmp_path) == []
    [line] = refused({"instances.lake": {**LAKE, "engine": "postgre"}}, tmp_path)
    assert line == "instances.lake.engine: 'postgre': must be 'postgres' or 'aurora-postgresql'"


@pytest.mark.parametrize(
    ("version", "engine"),
    [
        ("8.0", "MySQL"),
        (8.4, "MySQL"),
        ("5.7.44", "MySQL"),
        ("8.0.mysql_aurora.3.08.0", "Aurora MySQL"),
        ("10.11.9", "MariaDB"),
        (11.8, "MariaDB"),
    ],
)
def test_a_version_of_another_engine_is_refused_by_name(
    version: object, engine: str, tmp_path: Path
) -> None:
    [line] = refused({"instances.warehouse.engine_version": version}, tmp_path)
    assert line.startswith("instances.warehouse.engine_version: ")
    assert f": is of {engine}" in line


def test_the_administrator_is_none_of_the_roles_that_are_made(tmp_path: Path) -> None:
    [line] = refused(existing(administrator="sales_owner"), tmp_path)
    assert "'sales' makes the role name 'sales_owner', as does the administrator" in line


def test_two_environments_on_one_instance_have_different_prefixes(tmp_path: Path) -> None:
    other = {"instances": {"shared": {**LAKE, "databases": {"fish": {"own": ["shop"]}}}}}
    said = (
        "instances.lake: is an instance of the environment 'other', too, and both have no prefix, "
        "so that each would remove the other's users: declare another prefix"
    )
    written({**dev(), **other}, tmp_path / "other.yaml")
    assert refused({"instances.lake": LAKE}, tmp_path) == [said]
    assert refused({"instances.lake": LAKE, "prefix": "blue"}, tmp_path) == []
    # One that cannot be read keeps nobody.
    (tmp_path / "other.yaml").write_text("instances: no")
    assert refused({"instances.lake": LAKE}, tmp_path) == []


def test_an_instance_that_another_environment_makes_is_shared_by_prefix(tmp_path: Path) -> None:
    written(dev(), tmp_path / "prod.yaml")
    endpoint = "prod-warehouse.abcdefghijkl.eu-central-1.rds.amazonaws.com"
    [line] = refused(existing(endpoint=endpoint), tmp_path)
    assert line.startswith("instances.lake: is an instance of the environment 'prod', too")
    assert refused({**existing(endpoint=endpoint), "prefix": "blue"}, tmp_path) == []


@pytest.mark.parametrize("prefix", ["Blue", "a-b", "_a", "p" * 17])
def test_a_prefix_is_a_short_plain_name(prefix: str, tmp_path: Path) -> None:
    [line] = refused({"prefix": prefix}, tmp_path)
    assert line.startswith(f"prefix: '{prefix}': must be 1 to 16 lower-case letters, digits")


SURF: dict[str, object] = {
    "engine": "aurora-postgresql",
    "serverless": {"max": 4},
    "databases": {"sales": {"own": ["shop"]}},
}
OF_A_CLASS = {"class": "db.r7g.large", "serverless": None}


@pytest.mark.parametrize("change", [{}, OF_A_CLASS, {"readers": 0}, {"resource_id": "cluster-A"}])
def test_a_cluster_that_is_made_has_capacity_or_a_class(
    change: dict[str, object], tmp_path: Path
) -> None:
    assert refused({"instances.surf": without_none(change)}, tmp_path) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"serverless": None}, "must go with either a class, that of each instance, or serverless"),
        ({"class": "db.r7g.large"}, "must go with either a class, that of each instance, or"),
        ({"storage": {"gib": 50}}, "storage must not go with engine: aurora-postgresql: the"),
        ({"multi_az": False}, "the readers of a cluster are its standbys"),
        ({"allow_major_version_upgrade": True}, "upgrades a cluster by its engine_version alone"),
        ({"engine": "postgres"}, "serverless is of a cluster: must go with engine: aurora-"),
        ({"engine": "postgres", "serverless": None, "readers": 2}, "readers is of a cluster"),
        ({"serverless": {"min": 8, "max": 4}}, "min (8) must not exceed max (4)"),
        ({"serverless": {"max": 4.25}}, "serverless.max: 4.25: must be"),
        ({"readers": 16}, "must be a whole number of 0 to 15"),
        ({"resource_id": "db-ABC"}, "it must begin with cluster-"),
        (
            {"engine": "postgres", "serverless": None, "resource_id": "cluster-ABC"},
            "it must begin with db-",
        ),
        ({"engine_version": "17.1"}, "RDS has no Aurora PostgreSQL '17.1'"),
        ({**OF_A_CLASS, "class": "db.m7g.large"}, "does not run Aurora PostgreSQL 17"),
        ({"serverless": {"min": 0.5, "max": 1}, "connections_per_user": 500}, "1 capacity units"),
        ({"mode": "observe"}, "mode: observe must go with `existing`"),
    ],
)
def test_what_does_not_go_with_a_cluster_that_is_made_has_its_sentence(
    change: dict[str, object], says: str, tmp_path: Path
) -> None:
    [line] = refused({"instances.surf": without_none(change)}, tmp_path)
    assert line.startswith("instances.surf")
    assert says in line


def without_none(change: dict[str, object]) -> dict[str, object]:
    """`SURF`, changed; without the keys that are None."""
    return {key: value for key, value in {**SURF, **change}.items() if value is not None}


def test_nothing_that_would_change_it_stands_beside_it(tmp_path: Path) -> None:
    [line] = refused({"instances.lake": {**LAKE, "class": "db.t4g.medium"}}, tmp_path)
    assert line == (
        "instances.lake: class is of an instance that is made: it must not stand beside "
        "`existing`, of which nothing is changed"
    )


def test_an_instance_that_is_made_here_is_not_observed(tmp_path: Path) -> None:
    [line] = refused({"instances.warehouse.mode": "observe"}, tmp_path)
    assert line.startswith("instances.warehouse: mode: observe must go with `existing`")


def test_no_instance_is_declared_twice(tmp_path: Path) -> None:
    endpoint, resource_id = refused({"instances.lake": LAKE, "instances.sea": LAKE}, tmp_path)
    assert endpoint == "instances.sea.existing.endpoint: 'lake' is that of instances.lake already"
    assert resource_id.endswith("'db-LAKE' is that of instances.lake already")


def test_its_administrator_is_no_old_owner(tmp_path: Path) -> None:
    sales = {"own": ["shop"], "adopt": True, "old_owners": ["platform", "administrator"]}
    [line] = refused({"instances.lake": {**LAKE, "databases": {"sales": sales}}}, tmp_path)
    assert "old_owners[0]: 'platform' is a role that the function itself works with" in line
