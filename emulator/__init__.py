"""A local AWS: the emulator of an AWS account, a real PostgreSQL for each RDS instance, IAM on
each call. What `make demo` and the end-to-end tests deploy to.
"""

MARK = ".local-aws"
"""The file in its folder of state that a local AWS holds locked until it has ended."""
