"""Makes the databases, roles, privileges and login users of a server what is declared."""
