"""Who may do what on which database, by what, as the templates will have it."""
