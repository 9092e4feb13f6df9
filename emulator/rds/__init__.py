"""RDS: each instance is a real PostgreSQL behind a front door that checks tokens."""
