"""The tags that permissions rest on."""

OURS = "airflow-rds-iam:"
"""What the keys of tags begin with that permissions rest on."""

LOOKED_UP_BY = f"{OURS}looked-up-by"
"""The tag of a connection's secret: the environment whose Airflow may look it up."""
