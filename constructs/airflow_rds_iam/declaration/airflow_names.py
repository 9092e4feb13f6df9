"""How what is of one Airflow of several is told apart: that of the identity `airflow` has no name.

So an environment with one Airflow is what it was, whatever others come beside it.
"""

from airflow_rds_iam.declaration.identities import alphanumeric

AIRFLOW = "airflow"
"""The identity of the one Airflow's execution role; of several, each has the name declared."""

EXECUTION_ROLE = "AirflowExecutionRole"
"""The output with the name of an Airflow's role."""


def told_apart(what: str, airflow: str) -> str:
    """A construct, a stack or an environment ``what``, of the Airflow that is ``airflow``."""
    # An identity's name may have underscores, and a stack's none.
    return what if airflow == AIRFLOW else f"{what}-{airflow.replace('_', '-')}"


def output(what: str, airflow: str) -> str:
    """An output of the access stack ``what``, of the Airflow that is ``airflow``."""
    return what if airflow == AIRFLOW else f"{what}Of{alphanumeric(airflow)}"


def looked_up_by(environment: str, airflow: str) -> str:
    """The tag of a connection's secret that says whose it is."""
    return environment if airflow == AIRFLOW else f"{environment}/{airflow}"
