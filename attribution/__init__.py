"""Which person was behind a session in a database: a server's log joined with CloudTrail."""
