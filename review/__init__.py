"""What a security review needs to know of an environment, from its synthesized templates."""
