"""Constructs that give Apache Airflow access to Amazon RDS without a password."""
