"""Database servers that nobody has a password for."""
