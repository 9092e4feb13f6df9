"""What the deployed function says of the databases that it set up."""

import json
from typing import Any

from proof.deployment import Deployment
from proof.progress import UnprovenError


def nothing_is_left_to_do(deployment: Deployment) -> str:
    """The function, asked for a plan of the databases declared, has no statement to run."""
    found = plan(deployment)
    if found.get("Statements") != 0:
        raise UnprovenError(f"the deployed function's plan is not empty: {found}")
    return "0 statements"


def plan(deployment: Deployment) -> dict[str, Any]:
    """The plan of the deployed function, or its error's record."""
    access = deployment.assembly / f"{deployment.declared.environment}-access.template.json"
    [databases] = [
        resource["Properties"]["Databases"]
        for resource in json.loads(access.read_text())["Resources"].values()
        if resource["Type"] == "Custom::DatabaseUsers"
    ]
    answer = deployment.account.client("lambda").invoke(
        FunctionName=deployment.users_function["FunctionName"],
        Payload=json.dumps({"Mode": "plan", "Databases": databases}),
    )
    return json.load(answer["Payload"])
