"""AWS IAM's decisions over policies as plain data: allowed, denied, or unknown."""
