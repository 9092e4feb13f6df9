"""What a team declares: its model, its file, what follows from it."""
