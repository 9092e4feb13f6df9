from collections.abc import Callable

import pytest
from aws_cdk import App, Environment

from airflow_rds_iam.declaration.airflow import Airflow
from airflow_rds_iam.declaration.network import Network
from stacks.airflow import AirflowStack
from stacks.network import NetworkStack
from tests.templates import Content, statements, synthesized, text, the

ENV = Environment(account="111122223333", region="eu-central-1")
AIRFLOW = {
    "version": "3.2.1",
    "class": "mw1.large",
    "workers": {"min": 2, "max": 7},
    "schedulers": 3,
    "web_servers": {"min": 2, "max": 4},
    "web_server_access": "public_and_private",
    "configuration": {"core.parallelism": "64"},
    "log_level": "WARNING",
    "log_levels": {"scheduler": "ERROR", "dag_processing": "DEBUG"},
    "maintenance_window": "SUN:03:30",
    "log_retention_days": 180,
    "worker_replacement": "forced",
    "startup_script": "tests/stacks/startup.sh",
    "plugins": "examples",
}


@pytest.fixture(scope="module")
def template(new_app: Callable[[], App]) -> Content:
    app = new_app()
    declared = Network(zones=["a", "b", "c"])
    network = NetworkStack(app, "dev-network", network=declared, env=ENV).network
    return synthesized(
        AirflowStack(
            app,
            "dev-airflow",
            name="orders",
            airflow=Airflow.model_validate(AIRFLOW),
            network=network,
            security_group=network.airflow_security_groups["airflow"],
            env=ENV,
        )
    )


def test_the_environment_is_as_declared(template: Content) -> None:
    environment = the(template, "AWS::MWAA::Environment")["Properties"]
    assert environment["Name"] == "orders"
    assert environment["AirflowVersion"] == "3.2.1"
    assert environment["EnvironmentClass"] == "mw1.large"
    assert (environment["MinWorkers"], environment["MaxWorkers"]) == (2, 7)
    assert environment["Schedulers"] == 3
    assert (environment["MinWebservers"], environment["MaxWebservers"]) == (2, 4)
    assert environment["WebserverAccessMode"] == "PUBLIC_AND_PRIVATE"
    assert environment["WorkerReplacementStrategy"] == "FORCED"
    assert environment["AirflowConfigurationOptions"]["core.parallelism"] == "64"
    assert environment["PluginsS3Path"] == "dags/plugins.zip"
    assert environment["StartupScriptS3Path"] == "dags/startup.sh"
    assert environment["WeeklyMaintenanceWindowStart"] == "SUN:03:30"


def test_each_log_has_its_own_level_or_the_common_one(template: Content) -> None:
    logging = the(template, "AWS::MWAA::Environment")["Properties"]["LoggingConfiguration"]
    assert {name: one["LogLevel"] for name, one in logging.items()} == {
        "DagProcessingLogs": "DEBUG",
        "SchedulerLogs": "ERROR",
        "TaskLogs": "WARNING",
        "WebserverLogs": "WARNING",
        "WorkerLogs": "WARNING",
    }
    assert all(one["Enabled"] for one in logging.values())


def test_it_takes_two_private_subnets_of_however_many_there_are(template: Content) -> None:
    network = the(template, "AWS::MWAA::Environment")["Properties"]["NetworkConfiguration"]
    assert len(network["SubnetIds"]) == 2
    assert all("PrivateSubnet" in text(subnet) for subnet in network["SubnetIds"])
    assert "AirflowSecurityGroup" in text(network["SecurityGroupIds"][0])


def test_it_gives_access_to_no_database(template: Content) -> None:
    actions = {action for statement in statements(template) for action in statement["Action"]}
    assert not {action for action in actions if action.startswith(("rds", "secretsmanager"))}
