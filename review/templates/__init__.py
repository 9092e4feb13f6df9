"""The synthesized templates, with what refers to what put in its place."""
