"""What a DAG is written with, wherever its version of Airflow has it.

Airflow 3 has it in `airflow.sdk`, which Airflow 2 does not know.
"""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false
try:
    from airflow.sdk import DAG as DAG
    from airflow.sdk import CronDataIntervalTimetable as CronDataIntervalTimetable
    from airflow.sdk import Param as Param
    from airflow.sdk import get_current_context as get_current_context
    from airflow.sdk import task as task
except ImportError:
    from airflow.decorators import task as task
    from airflow.models.dag import DAG as DAG
    from airflow.models.param import Param as Param
    from airflow.operators.python import (
        get_current_context as get_current_context,
    )
    from airflow.timetables.interval import (
        CronDataIntervalTimetable as CronDataIntervalTimetable,
    )
