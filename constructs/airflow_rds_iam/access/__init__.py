"""Who may reach which database, and what makes it so."""
