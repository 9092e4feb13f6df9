"""What an account has: its stacks, read with the sessions that the CDK itself would use."""
