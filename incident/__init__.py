"""What is done at once when an identity must be stopped, and undone after a false alarm."""
