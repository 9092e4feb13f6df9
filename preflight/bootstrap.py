"""Whether the account is prepared for deploys of the CDK, in that region."""

import json
from pathlib import Path
from typing import Any

# Of each stack in a manifest: AwsCloudFormationStackProperties of the CDK's cloud assembly schema.
_VERSION = "bootstrapStackVersionSsmParameter"


def unprepared(session: Any, assembly: Path, *, environment: str) -> str | None:
    """What to do first, if the account was never bootstrapped in the session's region.

    Args:
        session: of boto3; it calls GetParameter of SSM.
        assembly: that is to be deployed.
        environment: as make is told it.

    Raises:
        ClientError: the caller may not read the parameter.
    """
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"].values()
    names = {one.get("properties", {}).get(_VERSION) for one in artifacts} - {None}
    ssm = session.client("ssm")
    for name in sorted(names):
        try:
            ssm.get_parameter(Name=name)
        except ssm.exceptions.ParameterNotFound:
            return (
                f"the account is not prepared for it in {session.region_name}, where it has no "
                f"parameter {name}: run `make bootstrap ENVIRONMENT={environment}`, once for each "
                "account and region"
            )
    return None
