"""A local AWS: the emulator of an AWS account, a real PostgreSQL for each RDS instance, IAM on
each call. What `make demo` and the end-to-end tests deploy to.
"""
