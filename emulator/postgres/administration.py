"""What RDS lets a member of `rds_superuser` do with roles, and PostgreSQL does not.

RDS's master user grants `rds_iam` and each other role without the ADMIN option on it, and so
without being a member of it, which PostgreSQL from 16 on lets a superuser do alone. Of what the
master makes it is a member, by PostgreSQL's own rule.

Source: Amazon RDS User Guide, "Understanding the rds_superuser role" and "Creating a database
account using IAM authentication".
"""

import re

SET_UP = (
    "CREATE SCHEMA IF NOT EXISTS rds_administration",
    "GRANT USAGE ON SCHEMA rds_administration TO rds_superuser",
    "CREATE OR REPLACE PROCEDURE rds_administration.do(statement text) LANGUAGE plpgsql"
    " SECURITY DEFINER SET search_path = pg_catalog AS 'BEGIN EXECUTE statement; END'",
    "REVOKE EXECUTE ON PROCEDURE rds_administration.do(text) FROM PUBLIC",
    "GRANT EXECUTE ON PROCEDURE rds_administration.do(text) TO rds_superuser",
)
"""What a superuser runs in the database in which that is done."""

_NAME = r'(?:"(?:[^"]|"")+"|[A-Za-z_]\w*)'
_OF_ROLES = re.compile(
    rf"\b(?:GRANT|REVOKE)\s+{_NAME}(?:\s*,\s*{_NAME})*\s+(?:TO|FROM)\s+{_NAME}[^;$']*",
    re.IGNORECASE,
)


def as_rds_superuser(sql: str) -> str:
    """`sql` with each GRANT and REVOKE of roles as RDS would do it."""
    return _OF_ROLES.sub(
        lambda found: "CALL rds_administration.do('" + found[0].rstrip().replace("'", "''") + "')",
        sql,
    )
