"""Policy documents, refused as AWS refuses them: nothing in a policy is passed over in silence."""
