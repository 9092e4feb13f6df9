"""What is PostgreSQL's own: its catalogs, its SQL, and how a session runs it."""
