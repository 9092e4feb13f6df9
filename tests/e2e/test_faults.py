"""Every fault, one at a time, in the running local system: by command and in both Airflows."""

from collections.abc import Generator

import pytest

from proof.airflow import Airflow
from proof.deployment import Deployment
from proof.faults.all import EVERY, OF_CONNECTIONS
from proof.faults.asking import InAirflow, in_airflow
from proof.faults.fault import Fault
from proof.steps import faults

every = pytest.mark.parametrize("fault", EVERY, ids=lambda fault: fault.title)


@pytest.fixture(scope="session")
def ways(deployment: Deployment, airflow_2: Airflow) -> Generator[tuple[InAirflow, InAirflow]]:
    with in_airflow(deployment.airflow) as three, in_airflow(airflow_2) as two:
        yield three, two


@every
def test_a_fault_is_called_by_its_name_by_command(deployment: Deployment, fault: Fault) -> None:
    known, alone = faults.by_command(deployment, fault)
    assert (known["cause"], alone["cause"]) == fault.expected[:2], (known, alone)
    assert all(map(faults.holds_no_token, (known, alone)))


@pytest.mark.parametrize("fault", [*EVERY, *OF_CONNECTIONS], ids=lambda fault: fault.title)
def test_a_fault_is_called_by_its_name_in_both_airflows(
    deployment: Deployment, ways: tuple[InAirflow, InAirflow], fault: Fault
) -> None:
    found = [*faults.in_airflow(deployment, fault, ways)]
    assert [one["cause"] for one in found] == [fault.expected[2]] * 2, found
    assert all(map(faults.holds_no_token, found))
