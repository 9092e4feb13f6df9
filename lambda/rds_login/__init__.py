"""A login at an RDS server with a token over verified TLS, and why one fails."""
