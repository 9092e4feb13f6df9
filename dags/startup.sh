#!/bin/sh
# Amazon MWAA sources this before Airflow starts, on schedulers, workers and the web server alike.

# RDS's certificates come from Amazon's own authorities, which no system trusts by itself. The
# bundle is uploaded beside the DAGs; libpq takes its place from here for each connection.
export PGSSLROOTCERT="${AIRFLOW_HOME:-/usr/local/airflow}/dags/certificates/global-bundle.pem"
