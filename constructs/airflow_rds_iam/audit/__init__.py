"""What an auditor asks of a server's log."""
