"""What to do, as values: planners see a comparison, and yield statements and findings."""
