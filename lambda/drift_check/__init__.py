"""The regular check of a server against what is deployed; the name is that of the asset."""
