"""What stays when an environment is removed, why, and how it is taken up again."""
