"""The function that delivers files to a bucket."""
