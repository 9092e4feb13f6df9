"""Who gains and who loses access between two assemblies, in sentences."""
