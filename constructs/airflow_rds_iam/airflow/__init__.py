"""Airflow: its environment, its role, its connections."""
