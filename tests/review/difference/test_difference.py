"""Two reviews compared: the templates of dev as they are, and changed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from airflow_rds_iam.declaration.model import Declaration
from review.declared import Declared, OwnRule, declared
from review.difference.build import difference
from review.difference.model import Difference, Direction
from review.difference.text import as_json, as_markdown, as_text
from review.kept import nothing
from review.reports import Review, review_of
from review.templates.assembly import of_templates
from tests.declared import dev

Templates = dict[str, dict[str, Any]]
DEV = declared(Declaration.model_validate(dev()), environment="dev")


def of(templates: Templates, given: Declared = DEV) -> Review:
    return review_of(
        of_templates(templates), declared=given, declaration="", answers={}, today=date(2026, 1, 1)
    )


@pytest.fixture
def before(dev_templates_as_written: Templates) -> Review:
    return of(dev_templates_as_written)


def users(templates: Templates) -> dict[str, Any]:
    """What the custom resource is told of the database orders."""
    for one in templates["dev-access"]["Resources"].values():
        for database in one["Properties"].get("Databases", []):
            if database["Name"] == "orders":
                return database
    raise AssertionError


def policies(templates: Templates, user: str) -> list[dict[str, Any]]:
    return [
        one
        for one in templates["dev-access"]["Resources"].values()
        if one["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")
        and f"/{user}'" in str(one)
    ]


def renamed(holder: dict[str, Any], old: str, new: str, element: str = "Resource") -> None:
    parts = holder[element]["Fn::Join"][1]
    parts[-1] = parts[-1].replace(old, new)


def lines(found: Difference) -> list[str]:
    return as_text(found).splitlines()


def test_there_is_none_between_the_same(before: Review, dev_templates: Templates) -> None:
    found = difference(before, of(dev_templates))
    assert lines(found) == ["no change of access"]
    assert not found.widens
    assert as_markdown(found) == "### Access of dev: no change of access\n"


def test_what_changes_no_access_is_none(before: Review, dev_templates: Templates) -> None:
    for template in dev_templates.values():
        for one in template["Resources"].values():
            one.get("Properties", {}).pop("Description", None)
    assert lines(difference(before, of(dev_templates))) == ["no change of access"]


def without_shop(templates: Templates) -> Declared:
    """The templates without the access of shop to payroll, and what is then declared."""
    resources = templates["dev-access"]["Resources"]
    [policy] = policies(templates, "shop_payroll_own")
    del resources[next(name for name, one in resources.items() if one is policy)]
    for one in resources.values():
        for database in one["Properties"].get("Databases", []):
            if database["Name"] == "payroll":
                database["Own"] = []
    grants = tuple(one for one in DEV.grants if one.user != "shop_payroll_own")
    return replace(DEV, grants=grants)


def test_access_that_goes_narrows_and_access_that_comes_widens(
    before: Review, dev_templates: Templates
) -> None:
    after = of(dev_templates, without_shop(dev_templates))
    gone = difference(before, after)
    assert lines(gone) == ["- shop may own payroll (dev-warehouse); its sessions will end"]
    assert not gone.widens
    come = difference(after, before)
    assert lines(come) == ["+ shop may own payroll (dev-warehouse)"]
    assert come.widens


def with_level(templates: Templates) -> Declared:
    """Airflow writes orders, where it read them."""
    others = ["airflow_orders_read", "airflow_orders_own"]
    for one in templates["dev-access"]["Resources"].values():
        for database in one["Properties"].get("Databases", []):
            if database["Name"] == "orders":
                database.update(Read=[], Write=["airflow_orders_write"])
                database.update({"Retiring": others} if "Retiring" in database else {})
    [policy] = policies(templates, "airflow_orders_read")
    statement = policy["Properties"]["PolicyDocument"]["Statement"][0]
    renamed(statement, "airflow_orders_read", "airflow_orders_write")
    for one in templates["dev-access"]["Resources"].values():
        if one["Type"] == "AWS::SecretsManager::Secret":
            renamed(
                one["Properties"], "airflow_orders_read", "airflow_orders_write", "SecretString"
            )
    grants = tuple(
        replace(one, level="write", user="airflow_orders_write")
        if one.user == "airflow_orders_read"
        else one
        for one in DEV.grants
    )
    [(server, databases)] = DEV.databases.items()
    orders = replace(databases["orders"], other_levels=tuple(others))
    return replace(DEV, grants=grants, databases={server: {**databases, "orders": orders}})


def test_another_level_is_one_change(before: Review, dev_templates: Templates) -> None:
    after = of(dev_templates, with_level(dev_templates))
    assert lines(difference(before, after)) == [
        "+ airflow may write orders (dev-warehouse), and no longer just read"
    ]
    assert lines(difference(after, before)) == [
        "- airflow may read orders (dev-warehouse), and no longer write; its sessions will end"
    ]


def open_port(templates: Templates) -> None:
    resources = templates["dev-database-warehouse"]["Resources"]
    group = next(
        one["Properties"]["GroupId"]
        for one in resources.values()
        if one["Type"] == "AWS::EC2::SecurityGroupIngress"
    )
    resources["Opened"] = {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {"GroupId": group, "IpProtocol": "-1", "CidrIp": "10.9.0.0/16"},
    }


def open_page(templates: Templates) -> None:
    for one in templates["dev-airflow"]["Resources"].values():
        if one["Type"] == "AWS::MWAA::Environment":
            one["Properties"]["WebserverAccessMode"] = "PUBLIC_ONLY"


def trust(templates: Templates) -> None:
    for one in templates["dev-airflow"]["Resources"].values():
        document = one.get("Properties", {}).get("AssumeRolePolicyDocument", {})
        if "airflow.amazonaws.com" in str(document):
            principal = {"AWS": "arn:aws:iam::111122223333:role/somebody"}
            document["Statement"].append(
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
            )


def another_role(templates: Templates) -> None:
    for policy in policies(templates, "airflow_orders_read"):
        policy["Properties"]["Roles"] = ["somebody"]


def no_tls(templates: Templates) -> None:
    for one in templates["dev-database-warehouse"]["Resources"].values():
        if one["Type"] == "AWS::RDS::DBParameterGroup":
            one["Properties"]["Parameters"]["rds.force_ssl"] = "0"


def writer(templates: Templates) -> None:
    [policy] = policies(templates, "shop_orders_own")
    policy["Properties"]["PolicyDocument"]["Statement"].append(
        {"Effect": "Allow", "Action": "airflow:UpdateEnvironment", "Resource": "*"}
    )


@pytest.mark.parametrize(
    ("change", "about", "says"),
    [
        (open_port, "network", "10.9.0.0/16 may reach the port of dev-warehouse"),
        (open_page, "network", "the internet may reach Airflow's page of dev"),
        (trust, "trust", "AWS arn:aws:iam::111122223333:role/somebody may become airflow"),
        (another_role, "access", "somebody may read orders (dev-warehouse)"),
        (no_tls, "guardrails", "takes sessions without TLS"),
        (writer, "who else could", "shop could give Airflow another bucket"),
    ],
)
def test_what_widens_otherwise_is_told(
    before: Review,
    dev_templates: Templates,
    change: Callable[[Templates], None],
    about: str,
    says: str,
) -> None:
    change(dev_templates)
    after = of(dev_templates)
    wider = [one for one in difference(before, after).changes if one.about == about]
    assert [one for one in wider if says in one.sentence and str(one).startswith("+")], wider
    back = difference(after, before)
    assert [one for one in back.changes if says in one.sentence and str(one).startswith("-")]


def test_the_comment_counts_first_and_keeps_names_as_they_are(
    before: Review, dev_templates: Templates
) -> None:
    after = of(dev_templates, with_level(dev_templates))
    text = as_markdown(difference(before, after))
    assert text.startswith("### Access of dev: 1 wider\n")
    assert "\n- + airflow may write orders (dev-warehouse)" in text
    content = json.loads(as_json(difference(before, after)))
    assert (content["widens"], content["summary"]) == (True, "1 wider")
    assert content["counts"] == {"wider": 1, "moved": 0, "narrower": 0}


FIRST, LATER = date(2026, 2, 1), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (FIRST, LATER, "+ shop may own orders (dev-warehouse) until 2026-03-01, and no longer "
         "until 2026-02-01"),
        (LATER, FIRST, "- shop may own orders (dev-warehouse) until 2026-02-01, and no longer "
         "until 2026-03-01"),
        (FIRST, None, "+ shop may own orders (dev-warehouse) without an end, and no longer "
         "until 2026-02-01"),
        (None, FIRST, "- shop may own orders (dev-warehouse) until 2026-02-01, and no longer "
         "without an end"),
    ],
)  # fmt: skip
def test_a_later_end_widens(
    dev_templates_as_written: Templates, old: date | None, new: date | None, says: str
) -> None:
    def until(day: date | None) -> Review:
        grants = (
            replace(one, until=day) if one.user == "shop_orders_own" else one for one in DEV.grants
        )
        return of(dev_templates_as_written, replace(DEV, grants=tuple(grants)))

    assert lines(difference(until(old), until(new))) == [says]


def test_what_is_held_against_fewer_rules_or_packs_widens(
    before: Review, dev_templates: Templates
) -> None:
    rule = OwnRule(name="only shop owns", levels=["own"], but=["shop"])
    strict = of(dev_templates, replace(DEV, rules=[rule], packs=(*DEV.packs, "Serverless")))
    assert lines(difference(strict, before)) == [
        "+ nothing is held any more against cdk-nag's pack Serverless",
        "+ nothing is held any more against the rule: only shop owns",
    ]
    assert not difference(before, strict).widens


def test_an_environment_that_is_new_widens_by_all_of_its_access(before: Review) -> None:
    empty = nothing("dev", today=date(2026, 1, 1))
    come = difference(empty, before)
    assert "+ shop may own payroll (dev-warehouse)" in lines(come)
    assert come.counts[Direction.WIDER] > len(DEV.grants)
    assert not difference(before, empty).widens
