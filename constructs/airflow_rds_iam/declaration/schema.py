"""The declaration's JSON Schema: ``python -m airflow_rds_iam.declaration.schema``."""

import json

from airflow_rds_iam.declaration.model import Declaration


def schema() -> str:
    """The schema as text, in the draft that editors' YAML plugins know best."""
    draft = {"$schema": "http://json-schema.org/draft-07/schema#"}
    return json.dumps({**draft, **Declaration.model_json_schema()}, indent=2) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
