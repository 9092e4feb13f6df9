from collections.abc import Callable
from typing import Any

import pytest

from airflow_rds_iam.declaration.model import Declaration
from review.controls import Control, controls
from review.declared import declared
from review.matrix.build import matrix
from review.templates.access import Access
from review.templates.assembly import of_templates
from tests.declared import dev

Templates = dict[str, dict[str, Any]]
DEV = declared(Declaration.model_validate(dev()), environment="dev")
ALL = {
    *(f"SOC 2 {one}" for one in ("CC6.1", "CC6.2", "CC6.3", "CC6.6", "CC7.2")),
    *(f"ISO 27001 A.5.{one}" for one in (15, 16, 17, 18)),
    *(f"ISO 27001 A.8.{one}" for one in (2, 5, 15, 16)),
}


def found(templates: Templates) -> dict[str, Control]:
    access = Access(of_templates(templates), DEV.arns_by_role)
    return {one.name: one for one in controls(access, matrix(access, DEV))}


def details(listed: Any) -> list[str]:
    return [one.detail for one in listed]


def the(templates: Templates, stack: str, kind: str) -> dict[str, Any]:
    return next(
        one["Properties"] for one in templates[stack]["Resources"].values() if one["Type"] == kind
    )


def test_each_control_points_to_resources_that_are_there(dev_templates: Templates) -> None:
    given = found(dev_templates)
    assert given.keys() == ALL
    for control in given.values():
        for one in (*control.evidence, *control.missing):
            assert one.logical_id in dev_templates[one.stack]["Resources"]
            assert one.detail


def set_to(kind: str, key: str, value: Any) -> Callable[[Templates], None]:
    def change(templates: Templates) -> None:
        the(templates, "dev-database-warehouse", kind)[key] = value

    return change


def no_tls(templates: Templates) -> None:
    group = the(templates, "dev-database-warehouse", "AWS::RDS::DBParameterGroup")
    group["Parameters"]["rds.force_ssl"] = "0"


def no_alarm(templates: Templates) -> None:
    the(templates, "dev-access", "AWS::CloudWatch::Alarm").pop("AlarmActions", None)


def anybody(templates: Templates) -> None:
    for one in templates["dev-access"]["Resources"].values():
        for statement in one["Properties"].get("PolicyDocument", {}).get("Statement", []):
            if "/shop_orders_own'" in str(statement):
                statement["Resource"] = "*"


INSTANCE = "AWS::RDS::DBInstance"


@pytest.mark.parametrize(
    ("control", "change", "says"),
    [
        ("SOC 2 CC6.1", set_to(INSTANCE, "EnableIAMDatabaseAuthentication", False),
         "EnableIAMDatabaseAuthentication: false"),
        ("SOC 2 CC6.1", set_to(INSTANCE, "StorageEncrypted", False), "StorageEncrypted: false"),
        ("ISO 27001 A.5.17", set_to(INSTANCE, "MasterUserAuthenticationType", None),
         "MasterUserAuthenticationType: not set"),
        ("SOC 2 CC6.6", set_to(INSTANCE, "PubliclyAccessible", True), "PubliclyAccessible: true"),
        ("SOC 2 CC6.6", no_tls, "takes sessions without TLS"),
        ("ISO 27001 A.8.5", no_tls, "takes sessions without TLS"),
        ("ISO 27001 A.8.15", set_to(INSTANCE, "EnableCloudwatchLogsExports", []),
         "EnableCloudwatchLogsExports: none"),
        ("ISO 27001 A.8.16", no_alarm, "watches StatementsOutstanding, tells nobody: it has no "
         "action"),
        ("ISO 27001 A.8.2", anybody, "shop administers dev-warehouse"),
        ("SOC 2 CC6.3", anybody, "shop may write reports, as airflow_reports_write"),
        ("ISO 27001 A.5.18", anybody, "shop may write reports, as airflow_reports_write"),
    ],
)  # fmt: skip
def test_what_a_template_does_not_show_is_missing_and_no_evidence(
    dev_templates: Templates, control: str, change: Callable[[Templates], None], says: str
) -> None:
    change(dev_templates)
    given = found(dev_templates)[control]
    assert says in details(given.missing)
    assert says not in details(given.evidence)


def test_settings_are_evidence_as_they_stand(dev_templates: Templates) -> None:
    given = found(dev_templates)
    assert "EnableIAMDatabaseAuthentication: true" in details(given["SOC 2 CC6.1"].evidence)
    assert "forces TLS (rds.force_ssl: 1)" in details(given["ISO 27001 A.8.5"].evidence)
    assert "log_statement: all" in details(given["ISO 27001 A.8.15"].evidence)
    assert "RetentionInDays: 30" in details(given["ISO 27001 A.8.15"].evidence)


def test_of_no_templates_nothing_is_claimed() -> None:
    assert all(not one.evidence and not one.missing for one in found({}).values())
