"""The network that Airflow and the databases share: made new, or one that exists."""
