"""An identity of each kind, as a declaration has it."""

from typing import Any

KINDS: dict[str, dict[str, Any]] = {
    "partner": {
        "other_account": {
            "role_arn": "arn:aws:iam::444455556666:role/etl",
            "external_id": "of-the-contract",
        }
    },
    "analyst": {"identity_center": {"permission_set": "Analysts"}},
    "people": {
        "oidc": {
            "issuer": "https://example.okta.com/oauth2/default",
            "audience": "warehouse",
            "subjects": ["ann@example.com", "bob@example.com"],
            "provider": "made",
        }
    },
    "workspace": {
        "oidc": {
            "issuer": "https://accounts.google.com",
            "audience": "warehouse.apps.example.com",
            "subjects": ["104857600000000000001"],
            "source_identity": False,
        }
    },
    "staff": {
        "saml": {
            "provider_arn": "arn:aws:iam::111122223333:saml-provider/okta",
            "subjects": ["ann@example.com"],
        }
    },
    "pods": {"kubernetes": {"namespace": "etl", "service_account": "etl", "cluster": "batch"}},
    "loader": {
        "kubernetes": {
            "namespace": "etl",
            "service_account": "loader",
            "issuer": "https://oidc.eks.eu-central-1.amazonaws.com/id/0A1B2C",
        }
    },
}
