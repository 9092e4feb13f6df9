"""How code and files reach AWS."""
