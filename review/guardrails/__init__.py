"""What must hold of every environment, one rule a module, each with its title as docstring."""
