from pathlib import Path

import pytest

from airflow_rds_iam.declaration.file import DeclarationError, load
from airflow_rds_iam.declaration.identities import Identity
from airflow_rds_iam.declaration.model import Declaration
from tests.declared import dev, written
from tests.existing import OWN_KEY

INSTANCE = "instances.warehouse"
ROLE = "arn:aws:iam::111122223333:role"
MINIMUM = {"instances": {"warehouse": {"databases": {"orders": {"read": ["airflow"]}}}}}


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("acount", "111122223333", "; allowed are: account, region, tags, "),
        (f"{INSTANCE}.clas", "db.t4g.medium", "; allowed are: existing, engine, mode, engine_"),
        ("airflow.clas", "mw1.small", "; allowed are: existing, name, version, class, "),
        ("identities.shop.arn", ROLE, "; allowed are: role_arn"),
        (
            "account",
            111122223333,
            "111122223333: is a number to YAML, put it in quotes; must be the 12 digits of",
        ),
        ("account", "1111", "'1111': must be the 12 digits of an AWS account"),
        ("region", "Frankfurt", "'Frankfurt': must be an AWS region, such as"),
        ("tags.a&b", "c", "'a&b': must be 1 to 128 letters, digits, spaces"),
        ("tags.team", "a;b", "'a;b': must be 1 to 256 letters, digits, spaces"),
        ("tags", {"AWS:team": "data"}, "'AWS:team' is reserved"),
        ("tags", {"airflow-rds-iam:looked-up-by": "x"}, "no key may begin with airflow-rds-iam:"),
        ("network.cidr", "10.0.0.0/8", "'10.0.0.0/8': must be an IPv4 range of /16 to /24"),
        ("network.cidr", "999.0.0.0/16", "'999.0.0.0/16': must have four numbers of 0 to 255"),
        (
            "network.cidr",
            "10.0.1.0/16",
            "'10.0.1.0/16': must begin where a range of /16 does: 10.0.0.0/16",
        ),
        ("network.egress", "internet", "'internet': must be 'nat' or 'endpoints'"),
        (
            "network.zones",
            ["a"],
            "a list: must be a list of 2 to 6 items, each of them the letter of",
        ),
        (f"{INSTANCE}.engine_version", "9.6", "'9.6': must be PostgreSQL 16, 17 or 18"),
        (
            f"{INSTANCE}.engine_version",
            17,
            "17: is a number to YAML, put it in quotes; must be PostgreSQL 16",
        ),
        (f"{INSTANCE}.class", "mw1.small", "'mw1.small': must be a DB instance class"),
        (f"{INSTANCE}.storage.gib", 19, "19: must be a whole number of 20 to 65536"),
        (f"{INSTANCE}.backup_days", 36, "36: must be a whole number of 1 to 35"),
        (f"{INSTANCE}.multi_az", "perhaps", "'perhaps': must be true or false"),
        (f"{INSTANCE}.log_retention_days", 31, "31: must be 1, 3, 5, 7, "),
        (
            f"{INSTANCE}.databases",
            {},
            "{}: must be a mapping of 1 or more keys, each key the name of a PostgreSQL",
        ),
        (
            f"{INSTANCE}.databases.orders",
            None,
            "has nothing after it: must be a mapping with keys of read, write, own,",
        ),
        (
            f"{INSTANCE}.databases.orders.read",
            "shop",
            "'shop': write [shop]; must be a list, each of them lower-case letters",
        ),
        (
            f"{INSTANCE}.databases.a/b",
            {"read": ["shop"]},
            "'a/b': must be the name of a PostgreSQL database of 1 to 63 letters without accents",
        ),
        (
            f"{INSTANCE}.databases.a=b",
            {"read": ["shop"]},
            "'a=b': must be the name of a PostgreSQL database",
        ),
        (
            "instances.data_lake",
            {"databases": {}},
            "'data_lake': must be lower-case letters and digits",
        ),
        (
            "instances.data--lake",
            {"databases": {}},
            "'data--lake': must be lower-case letters and digits",
        ),
        ("airflow.name", "1st", "'1st': must be letters, digits, hyphens"),
        ("airflow.name", "a" * 81, "80 characters at most"),
        ("airflow.version", "2.9.2", "'2.9.2': must be '3.3.1', "),
        ("airflow.class", "mw1.tiny", "'mw1.tiny': must be 'mw1.micro', 'mw1.small', "),
        ("airflow.log_level", "LOUD", "'LOUD': must be 'CRITICAL', "),
        ("airflow.log_levels.task", "LOUD", "'LOUD': must be 'CRITICAL', "),
        ("airflow.log_levels.triggerer", "INFO", "must be 'dag_processing', 'scheduler', "),
        ("airflow.maintenance_window", "SUN:03:15", "'SUN:03:15': must be a day and an hour or "),
        ("airflow.maintenance_window", "SUN:24:00", "'SUN:24:00': must be a day and an hour or "),
        ("airflow.maintenance_window", "sun:03:00", "'sun:03:00': must be a day and an hour or "),
        ("airflow.web_server_access", "vpn", "'vpn': must be 'private', 'public' or 'public_and_"),
        ("tags.cost", 100, "100: is a number to YAML, put it in quotes; must be 1 to 256"),
        ("tags.cost", "", "'': must be 1 to 256 letters, digits, spaces"),
        ("drift_check.schedule", "daily", "'daily': must be rate(…) or cron(…)"),
        ("drift_check.schedule", "rate(2 days)", "must come once a day at least, such as rate(1 "),
        ("alarms.nobody_because", "", "'': must be a reason, such as the number of a ticket"),
        ("drift_check.schedule", "cron(0 6 * * ? )", "must be rate(…) or cron(…)"),
        ("drift_check.schedule", "cron(0 6 * * * *)", "must have ? for the day of the month or"),
        ("drift_check.schedule", "cron(0 6 ? * ? *)", "must have ? for the day of the month or"),
        ("drift_check.schedule", "cron(0 24 * * ? *)", "24 for the hour, which is 0 to 23"),
        ("drift_check.schedule", "cron(60 6 * * ? *)", "60 for the minute, which is 0 to 59"),
        ("network.cidr", "127.0.0.0/16", "'127.0.0.0/16': is of a range in which no machine"),
        ("network.cidr", "224.0.0.0/16", "in which no machine has an address; private are 10."),
        (
            "alarms.topic_arn",
            "arn:aws:sqs:x",
            "'arn:aws:sqs:x': must be the ARN of an SNS topic",
        ),
        (
            "identities.Shop",
            {"role_arn": f"{ROLE}/shop"},
            "'Shop': must be lower-case letters, digits and underscores, beginning with",
        ),
        ("identities.shop.role_arn", "shop", "'shop': must be the ARN of an IAM role"),
        (
            "identities.shop.role_arn",
            "arn:aws:iam::111122223333:user/shop",
            "must be the ARN of an IAM role",
        ),
        ("identities.shop.role_arn", f"{ROLE}/shop/", "must be the ARN of an IAM role"),
        ("identities.shop.role_arn", f"{ROLE}//shop", "must be the ARN of an IAM role"),
        ("identities.shop.role_arn", f"{ROLE}/{'s' * 65}", "its name of 64 characters at most"),
        ("trust_policy_characters", 2047, "2047: must be a whole number of 2048 to 8192"),
        ("managed_policies_per_role", 21, "21: must be a whole number of 1 to 20"),
        ("airflow.worker_replacement", "kind", "'kind': must be 'graceful' or 'forced'"),
        (
            "airflow.key",
            OWN_KEY.replace("key/", "alias/"),
            "must be aws, or the ARN of a symmetric",
        ),
        ("airflow.key", OWN_KEY.replace("key/1a", "key/mrk-1a"), "must be aws, or the ARN of"),
        ("airflow.key", "customer", "'customer': must be aws, or the ARN of a symmetric KMS key"),
        ("airflow.bucket", "Team", "'Team': must be the name of an S3 bucket, of 3 to 63 lower"),
        ("airflow.bucket", "s3://team", "must be the name of an S3 bucket"),
        ("airflow.plugins", "/opt/plugins", "'/opt/plugins': must be a path below this repository"),
        ("airflow.plugins", "a/../../b", "'a/../../b': must be a path below this repository"),
        ("airflow.startup_script", "", "must be a path below this repository, such as plugins"),
        ("airflow.replaces", "1st", "'1st': must be letters, digits, hyphens"),
        ("airflow.authorities", "rds.pem", "'rds.pem': must be the whole path of a file, such as "),
        ("airflow.authorities", "~/rds.pem", "must be the whole path of a file, such as /etc/ssl"),
        ("airflow.authorities", "/etc/rds/", "'/etc/rds/': must be the whole path of a file"),
        (f"{INSTANCE}.resource_id", "i-1", "'i-1': must be the DbiResourceId of a DB instance"),
    ],
)
def test_a_value_that_is_not_allowed_is_told_with_place_and_what_is(
    path: str, value: object, says: str, tmp_path: Path
) -> None:
    file = written(dev({path: value}), tmp_path / "dev.yaml")
    with pytest.raises(DeclarationError) as caught:
        load(file)
    place, message = str(caught.value).removeprefix(f"{file}:").split(": ", 1)
    assert message.startswith(path)
    assert says in message
    assert path.rpartition(".")[2] in file.read_text().splitlines()[int(place) - 1]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("network", {"zones": ["a", "a"]}, "zones must differ, not ['a', 'a']"),
        (
            "network",
            {"cidr": "10.0.0.0/24", "zones": ["a", "b", "c", "d", "e"]},
            "cidr 10.0.0.0/24 is too small for 5 zones",
        ),
        (f"{INSTANCE}.storage", {"gib": 100, "max_gib": 109}, "10 % above gib (100)"),
        ("airflow", {"bucket": "team-files"}, "bucket 'team-files' must go with key: what it is"),
        ("airflow", {"workers": {"min": 3, "max": 2}}, "workers.min (3) must not exceed"),
        ("airflow", {"class": "mw1.micro"}, "mw1.micro has one of each: must have schedulers: 1"),
        (
            "airflow",
            {"class": "mw1.small", "schedulers": 1},
            "class mw1.small must have 2 to 5 schedulers",
        ),
        ("airflow", {"class": "mw1.micro", "schedulers": 1}, "workers.max: 1"),
        (
            "airflow",
            {"class": "mw1.micro", "schedulers": 1, "workers": {"max": 1}, "web_servers": {}},
            "web_servers of min: 1 and max: 1",
        ),
        (
            "airflow",
            {"web_servers": {"min": 1}},
            "must have 2 to 5 schedulers and 2 to 5 web servers",
        ),
        ("airflow", {"web_servers": {"min": 4, "max": 3}}, "web_servers.min (4) must not exceed"),
        (
            "airflow",
            {"version": "3.0.6", "web_server_access": "public_and_private"},
            "public_and_private must go with Airflow 3.2 or newer, not 3.0.6",
        ),
        (
            "alarms",
            {"topic_arn": "arn:aws:sns:eu-central-1:111122223333:alarms", "nobody_because": "x"},
            "must be a topic_arn or nobody_because, not both",
        ),
        ("drift_check.schedule", "cron(0 6 ? * MON-FRI *)", "must come once a day at least"),
        ("airflow", {"configuration": {"secrets.backend": "x"}}, "is set by this application"),
        (
            "airflow",
            {"configuration": {"core.paralelism": "9"}},
            "configuration option 'core.paralelism' is none of Airflow 3.3.1: must be one of its",
        ),
        (
            "airflow",
            {"configuration": {"secrets.backend_kwargs": "{}"}},
            "is set by this application",
        ),
        ("airflow.configuration", {"parallelism": "64"}, "must be section.option"),
        ("airflow.configuration", {"Secrets.Backend": "x"}, "must be section.option"),
        ("airflow.configuration", {"1core.parallelism": "64"}, "must be section.option"),
        ("airflow.configuration", {"core.parallelism": ""}, "must be 1 to 65536 letters without"),
        ("airflow.configuration", {"core.name": "é"}, "must be 1 to 65536 letters without accents"),
        ("airflow", {"other_policies": 1}, "other_policies must go with `existing`"),
        ("tags", {"Team": "a", "team": "b"}, "'Team' and 'team' are the same key to IAM"),
        ("tags", {f"k{number}": "v" for number in range(48)}, "47"),
        (f"{INSTANCE}.databases.orders", {"read": ["shop"], "adopt": True}, "go together"),
        (f"{INSTANCE}.databases.orders", {"read": ["shop"], "old_owners": ["x"]}, "go together"),
        (
            "identities.shop",
            {"role_arn": f"{ROLE}/aws-reserved/sso.amazonaws.com/x"},
            "is managed by AWS: no policy can be attached to it",
        ),
    ],
)
def test_values_that_do_not_go_together_are_refused(
    path: str, value: object, says: str, tmp_path: Path
) -> None:
    file = written(dev({path: value}), tmp_path / "dev.yaml")
    with pytest.raises(DeclarationError) as caught:
        load(file)
    assert f": {path}" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("network", {"cidr": "10.0.0.0/24", "zones": ["a", "b", "c"]}),
        (f"{INSTANCE}.storage", {"gib": 100, "max_gib": 110}),
        (f"{INSTANCE}.engine_version", "17.6"),
        ("airflow", {"class": "mw1.micro", "schedulers": 1, "workers": {"max": 1}}),
        (
            "airflow",
            {"web_servers": {"min": 2, "max": 5}, "web_server_access": "public_and_private"},
        ),
        ("airflow", {"plugins": "plugins", "startup_script": "airflow/start.sh", "key": "aws"}),
        ("airflow", {"bucket": "team-files", "key": "aws", "version": "2.11.2"}),
        ("airflow", {"bucket": "team-files", "key": OWN_KEY, "class": "mw1.2xlarge"}),
        ("airflow", {"name": "dev-2", "replaces": "dev"}),
        ("airflow", {"configuration": {"common.io.xcom_objectstorage_path": "s3://x"}}),
        (f"{INSTANCE}.databases.orders", {"own": ["shop"], "adopt": True, "old_owners": ["Old"]}),
        ("identities.shop.role_arn", f"{ROLE}/people/shop"),
        ("drift_check", {"schedule": "cron(0 6 * * ? *)"}),
        ("drift_check", {"schedule": "cron(0/75 6-20,23 ? * * *)"}),
        ("tags", {f"k{number}": "v" for number in range(47)}),
    ],
)
def test_what_is_allowed_is_taken(path: str, value: object, tmp_path: Path) -> None:
    load(written(dev({path: value}), tmp_path / "dev.yaml"))


def test_the_defaults_are_the_careful_ones() -> None:
    declaration = Declaration.model_validate(MINIMUM)
    instance = declaration.instances["warehouse"]
    assert (instance.retain, instance.deletion_protection, instance.multi_az) == (True, True, True)
    assert declaration.airflows["airflow"].web_server_access == "private"
    assert declaration.network.egress == "endpoints"


def test_a_declaration_does_not_change() -> None:
    declaration = Declaration.model_validate(MINIMUM)
    with pytest.raises(ValueError, match="frozen"):
        declaration.account = "444455556666"  # pyright: ignore[reportAttributeAccessIssue]


def test_a_role_is_named_without_its_path() -> None:
    identity = Identity(role_arn=f"{ROLE}/people/data/analyst")
    assert (identity.account, identity.role_name) == ("111122223333", "analyst")
