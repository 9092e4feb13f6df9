"""What Amazon MWAA could not install is told, with its line."""

from pathlib import Path

import pytest

from airflow_rds_iam.airflow.images import IMAGES
from airflow_rds_iam.airflow.requirements import RequirementsError, check, faults
from tests.application import ROOT

OWN = "https://raw.githubusercontent.com/apache/airflow/constraints"


def told(text: str, version: str = "3.3.1") -> list[str]:
    return [f"{number}: {why}" for number, why in faults(text, IMAGES[version])]


@pytest.mark.parametrize("version", IMAGES)
def test_what_is_delivered_installs_on_each_version(version: str) -> None:
    assert told((ROOT / "dags/requirements.txt").read_text(), version) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# a comment\n\nnot-in-the-image==1.0  # and why\n",
        "pandas==3.0.5",
        "Pandas===3.0.5",
        "apache-airflow[amazon]==3.3.1",
        "apache-airflow-providers-postgres==7.0.1",
        "tomli==1.0; python_version < '3.11'\ntomli==99.0; sys_platform == 'win32'",
        "--find-links /usr/local/airflow/plugins\n--no-index\nmine==1.0",
        "mine==1.0 --hash=sha256:abc",
        f'--constraint "{OWN}-3.3.1/constraints-3.12.txt"\nmine==1.0',
        "-c /usr/local/airflow/dags/constraints.txt\npandas==2.0.0",
    ],
)
def test_what_the_image_can_install_is_no_fault(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("requests", "1: 'requests' must name one exact version"),
        ("\nrequests>=2", "2: 'requests>=2' must name one exact version"),
        ("requests==2.*", "must name one exact version"),
        ("requests==2.32.5,!=2.0", "must name one exact version"),
        ("pandas==2.0.0", "holds it to 3.0.5"),
        ("apache-airflow==2.11.2", "holds it to 3.3.1"),
        ("apache_airflow.providers-postgres==6.0.0", "holds it to 7.0.1"),
        ("one two", "must be a package and its version"),
        ("git+https://example.com/it.git", "must be a package and its version"),
        ("it @ https://example.com/it.whl", "must name one exact version"),
        ("-r other.txt", "an option that Amazon MWAA does not document"),
        ("-e .", "an option that Amazon MWAA does not document"),
        ("mine==1.0\nMine==2.0", "2: 'Mine==2.0' stands in line 1 already, as 'mine==1.0'"),
        ("# never use -c here", "is taken for constraints of your own"),
        ("mine==1.0  # not --constraint x", "is taken for constraints of your own"),
        (f"-c {OWN}-3.2.1/constraints-3.12.txt", "is not the constraints of Airflow 3.3.1"),
        (f"-c {OWN}-3.3.1/constraints-3.11.txt", "is not the constraints of Airflow 3.3.1"),
        ("--constraint constraints.txt", "is not the constraints of Airflow 3.3.1"),
    ],
)
def test_what_it_cannot_is_told_with_its_line(text: str, says: str) -> None:
    assert says in "\n".join(told(text))


def test_own_constraints_do_not_free_airflow_itself() -> None:
    text = "-c /usr/local/airflow/dags/constraints.txt\napache-airflow==3.2.1"
    assert "holds it to 3.3.1" in "\n".join(told(text))


def test_another_version_holds_to_others() -> None:
    assert told("pandas==2.1.4", "3.0.6") == []
    assert told("pandas==2.1.4") != []


def test_a_file_is_refused_by_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("mine==1.0\nrequests\npandas==2.0.0\n")
    with pytest.raises(RequirementsError) as refused:
        check(file, IMAGES["3.3.1"])
    assert [line.split(": ")[0] for line in str(refused.value).splitlines()] == [
        f"{file}:2",
        f"{file}:3",
    ]
