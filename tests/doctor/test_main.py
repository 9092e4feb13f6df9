"""What `make doctor` looks into, and what it says when it cannot."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import doctor.__main__ as command
from doctor.answer import fine
from doctor.diagnosis import Diagnosis
from doctor.evidence import Evidence
from doctor.subject import Subject
from tests.declared import dev, written

HOST = "dev-warehouse.abcdefghijkl.eu-central-1.rds.amazonaws.com"


WRITER = "dev-sea.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com"


class Session:
    """A session that may ask RDS, or may not."""

    region_name = "eu-central-1"

    def __init__(self, *, may_ask: bool) -> None:
        self.may_ask = may_ask

    def client(self, name: str, **_: Any) -> "Session":
        assert name in {"rds", "cloudformation"}
        return self

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        if not self.may_ask or StackName != "dev-access":
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeStacks")
        output = {"OutputKey": "Doctorwarehouse", "OutputValue": "dev-access-Doctor-1"}
        return {"Stacks": [{"Outputs": [output]}]}

    def describe_db_instances(self, *, DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803
        if not self.may_ask or DBInstanceIdentifier != "dev-warehouse":
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeDBInstances")
        endpoint = {"Address": HOST, "Port": 5433}
        return {"DBInstances": [{"Endpoint": endpoint, "DbiResourceId": "db-ABC"}]}

    def describe_db_clusters(self, *, DBClusterIdentifier: str) -> dict[str, Any]:  # noqa: N803
        assert DBClusterIdentifier == "dev-sea"
        found = {"Endpoint": WRITER, "Port": 5434, "DbClusterResourceId": "cluster-ABC"}
        return {"DBClusters": [found]}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    subjects: list[Subject] = []

    def diagnose(evidence: Evidence) -> Diagnosis:
        subjects.append(evidence.subject)
        return Diagnosis(title="it", login="It", answers={"login": fine("in")})

    monkeypatch.setattr(command, "diagnose", diagnose)
    _may_ask(monkeypatch, True)
    return subjects


def _may_ask(monkeypatch: pytest.MonkeyPatch, may_ask: bool) -> None:
    monkeypatch.setattr(boto3, "Session", lambda: Session(may_ask=may_ask))


def test_a_login_is_looked_into_as_it_was_declared(asked: list[Subject]) -> None:
    assert command.main(["dev", "shop", "reports"]) == 0
    [subject] = asked
    assert (subject.host, subject.port, subject.resource_id) == (HOST, 5433, "db-ABC")
    assert subject.user == "shop_reports_own"
    assert subject.group(["payroll_owner", "reports_owner"]) == "reports_owner"
    assert subject.role_arn
    assert subject.role_arn.startswith("arn:aws:iam::111122223333:role/")
    assert subject.via is None
    assert subject.inside == "dev-access-Doctor-1"


def test_a_login_to_a_cluster_that_is_made_is_by_its_writer_and_its_id(
    asked: list[Subject], tmp_path: Path
) -> None:
    sea = {
        "engine": "aurora-postgresql",
        "serverless": {"max": 4},
        "databases": {"sales": {"own": ["shop"]}},
    }
    file = written(dev({"instances.sea": sea}), tmp_path / "dev.yaml")
    assert command.main([str(file), "shop", "sales"]) == 0
    [subject] = asked
    assert (subject.host, subject.port, subject.resource_id) == (WRITER, 5434, "cluster-ABC")
    assert subject.is_cluster


def test_the_line_that_grants_is_named(asked: list[Subject]) -> None:
    command.main(["dev", "shop", "reports"])
    declared = str(asked[0].declared)
    file, line, path = declared.split(":")
    assert path == " instances.warehouse.databases.reports.own"
    assert Path(file).read_text().splitlines()[int(line) - 1].strip() == "own: [shop]"


def test_a_forwarded_port_leads_to_the_server_and_no_token_is_for_it(asked: list[Subject]) -> None:
    command.main(["dev", "shop", "reports", "--via", "127.0.0.1:15432"])
    assert (asked[0].via, asked[0].port) == (("127.0.0.1", 15432), 5433)


def test_who_may_not_look_the_endpoint_up_names_it(
    asked: list[Subject], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _may_ask(monkeypatch, False)
    assert command.main(["dev", "shop", "reports"]) == 2
    assert "name it with --host" in capsys.readouterr().err
    assert command.main(["dev", "shop", "reports", "--host", HOST]) == 0
    assert (asked[0].host, asked[0].resource_id, asked[0].inside) == (HOST, None, None)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["dev", "nobody", "reports"], "nobody has no access to reports; it is granted nothing"),
        (["dev", "shop", "absent"], "it is granted "),
        (["absent", "shop", "reports"], "environments in "),
        (["dev", "shop", "reports", "--via", "here"], "must be an address and a port"),
    ],
)
def test_what_cannot_be_looked_into_is_said(
    asked: list[Subject], capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert command.main(arguments) == 2
    assert says in capsys.readouterr().err
    assert asked == []
