"""Why a login at a database fails: asked step by step, until one explains the rest."""
