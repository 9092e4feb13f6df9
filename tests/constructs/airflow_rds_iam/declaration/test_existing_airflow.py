from pathlib import Path

import pytest

from tests.declared import REMOVED
from tests.existing import AIRFLOW, NETWORK, OWN_KEY, refused

ROLE = "arn:aws:iam::{}:role/{}"


def airflow(**changes: object) -> dict[str, object]:
    declared = {**AIRFLOW, **changes}
    return {"airflow": {"existing": {k: v for k, v in declared.items() if v is not None}}}


def test_it_is_taken_by_its_attributes(tmp_path: Path) -> None:
    assert refused(airflow(), tmp_path) == []


def test_one_of_your_own_needs_neither_an_environment_nor_a_prefix(tmp_path: Path) -> None:
    ranges = ["10.40.0.0/24"]
    changes = airflow(environment=None, connections_prefix=None, security_group=None, ranges=ranges)
    assert refused(changes, tmp_path) == []


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("role_arn", "team-airflow", "must be the ARN of an IAM role"),
        (
            "role_arn",
            ROLE.format("999900001111", "airflow"),
            "must be a role of account 111122223333",
        ),
        (
            "role_arn",
            ROLE.format("111122223333", "aws-service-role/airflow.amazonaws.com/AWSServiceRole"),
            "is managed by AWS: no policy can be attached to it",
        ),
        (
            "role_arn",
            ROLE.format(
                "111122223333",
                "aws-reserved/sso.amazonaws.com/AWSReservedSSO_Analyst_0123456789abcdef",
            ),
            "is a role of IAM Identity Center",
        ),
        ("role_arn", ROLE.format("111122223333", "Shop"), "is the role of 'shop', too"),
        ("role_arn", "arn:aws-cn:iam::111122223333:role/airflow", "is of another partition"),
        ("security_group", "team", "must be the id of a security group"),
        ("connections_prefix", "team/connections/", "without a slash at its end"),
        ("authorities", "rds.pem", "must be the whole path of a file"),
        ("authorities", None, "is missing: must be the whole path of a file"),
        ("environment", "my environment", "must be letters, digits, hyphens and underscores"),
    ],
)
def test_each_wrong_attribute_has_its_sentence_at_its_place(
    key: str, value: object, says: str, tmp_path: Path
) -> None:
    [line] = refused(airflow(**{key: value}), tmp_path)
    assert line.startswith(f"airflow.existing.{key}: ")
    assert says in line


@pytest.mark.parametrize("changes", [{"security_group": None}, {"ranges": ["10.40.0.0/24"]}])
def test_it_is_known_by_its_group_or_by_its_ranges(
    changes: dict[str, object], tmp_path: Path
) -> None:
    [line] = refused(airflow(**changes), tmp_path)
    assert line.startswith("airflow.existing: must have either a security_group, or the ranges")


def test_nothing_that_would_change_it_stands_beside_it(tmp_path: Path) -> None:
    [line] = refused({"airflow": {"existing": AIRFLOW, "class": "mw1.large"}}, tmp_path)
    assert line == (
        "airflow: class is of an environment that is made: it must not stand beside `existing`, of "
        "which nothing is changed"
    )


def test_who_is_a_client_already_is_not_let_in_twice(tmp_path: Path) -> None:
    client = {"security_group": "sg-00000002", "because": "Airflow"}
    [line] = refused({**airflow(), "network.clients": [client]}, tmp_path)
    assert line.startswith("airflow.existing.security_group: 'sg-00000002' is let in as a client")


def test_what_an_airflow_needs_of_a_network_that_exists_is_not_made_for_one_that_exists(
    tmp_path: Path,
) -> None:
    network = {"existing": {**NETWORK, "missing_endpoints": ["sqs"]}}
    [line] = refused({**airflow(), "network": network}, tmp_path)
    assert line.startswith("network.existing.missing_endpoints: is for an Airflow that is made")


def test_its_prefix_counts_in_the_policy_that_looks_its_connections_up(tmp_path: Path) -> None:
    databases = {f"db{number}": {"read": ["airflow"]} for number in range(30)}
    changes = {**airflow(connections_prefix="p" * 256), "instances.warehouse.databases": databases}
    [line, *_] = refused(changes, tmp_path)
    assert "characters of the policy that looks its connections up; IAM allows 6,144" in line


ML: dict[str, object] = {"name": "ml"}
OTHER = {"existing": {**AIRFLOW, "role_arn": ROLE.format("111122223333", "other")}}


@pytest.mark.parametrize(
    ("airflows", "changes", "at", "says"),
    [
        (
            {"airflow": {}, "shop": {}},
            {},
            "identities.shop",
            "'shop' is Airflow's execution role: not declared",
        ),
        (
            {"airflow": {}, "ml": {"name": "dev"}},
            {},
            "airflows.ml.name",
            "'dev' is the name of 'airflow', too",
        ),
        (
            {"airflow": {"existing": AIRFLOW}, "ml": OTHER},
            {},
            "airflows.ml.existing.connections_prefix",
            "'team/connections' is that of 'airflow', too: each must find its own connections",
        ),
        (
            {"airflow": {"existing": AIRFLOW}, "ml": OTHER},
            {},
            "airflows.ml.existing.environment",
            "'team' is 'airflow' already: one Airflow is one identity",
        ),
        (
            {
                "airflow": {},
                "ml": {"existing": {**AIRFLOW, "role_arn": ROLE.format("111122223333", "Shop")}},
            },
            {},
            "airflows.ml.existing.role_arn",
            "is the role of 'shop', too",
        ),
        (
            {"airflow": {}, "ml_1": {}, "ml1": {}},
            {},
            "airflows.ml1",
            "'ml1' is 'ml_1' but for underscores",
        ),
        (
            {"airflow": {}, "ml": {}},
            {"identities.task": {"task_role": True}},
            "identities.task.task_role",
            "must have airflow beside it: which of airflow, ml takes it",
        ),
        (
            {"airflow": {}, "ml": {}},
            {"identities.task": {"task_role": True, "airflow": "mll"}},
            "identities.task.airflow",
            "no Airflow 'mll' takes it; there are: airflow, ml",
        ),
        (
            {"airflow": {}, "ml": {}},
            {"identities.task": {"role_arn": ROLE.format("111122223333", "t"), "airflow": "ml"}},
            "identities.task",
            "airflow must go with task_role",
        ),
        (
            {"ml": {}},
            {},
            "instances.warehouse.databases.orders.read[0]",
            "'airflow' is no identity; there are: ml, shop",
        ),
        (
            {"airflow": {}, "ml": {"version": "3.3.1", "web_server_access": "public"}},
            {},
            "airflows.ml.web_server_access",
            "have no way to a public one",
        ),
        (
            {
                "airflow": {},
                "ml": {"key": OWN_KEY.replace("central", "west")},
            },
            {},
            "airflows.ml.key",
            "must be of eu-central-1",
        ),
        (
            {"airflow": {}, "Ml": {}},
            {},
            "airflows.Ml",
            "must be lower-case letters",
        ),
    ],
)
def test_what_two_of_several_cannot_both_be_has_its_sentence_at_its_place(
    airflows: object, changes: dict[str, object], at: str, says: str, tmp_path: Path
) -> None:
    lines = refused({"airflow": REMOVED, "airflows": airflows, **changes}, tmp_path)
    assert [line for line in lines if line.startswith(f"{at}: ") and says in line], lines


def test_two_may_be_at_one_place(tmp_path: Path) -> None:
    second = {**OTHER["existing"], "connections_prefix": "other", "environment": "other"}
    airflows = {"airflow": {"existing": AIRFLOW}, "ml": {"existing": second}}
    assert refused({"airflow": REMOVED, "airflows": airflows}, tmp_path) == []


def test_one_and_several_do_not_go_together(tmp_path: Path) -> None:
    lines = refused({"airflows": {"airflow": {}, "ml": ML}}, tmp_path)
    assert lines == [
        "airflow: must not stand beside airflows: what it declares is airflows.airflow there"
    ]


def test_the_role_of_a_task_needs_an_airflow(tmp_path: Path) -> None:
    databases = {"orders": {"read": ["task"]}}
    [line] = refused(
        {
            "airflow": REMOVED,
            "airflows": {},
            "identities.task": {"task_role": True},
            "instances.warehouse.databases": databases,
        },
        tmp_path,
    )
    assert line == "identities.task.task_role: no Airflow is declared whose tasks could take it"
