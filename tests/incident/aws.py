"""The APIs that an incident calls, each of which can be made to fail."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

DENIED = "AccessDenied"
GONE = "NoSuchEntity"
AWAY = "unreachable"


def refusal(code: str) -> Exception:
    if code == AWAY:
        return EndpointConnectionError(endpoint_url="https://aws.invalid")
    return ClientError({"Error": {"Code": code, "Message": "it may not"}}, "Operation")


@dataclass
class Aws:
    """A session of boto3, and all of its clients."""

    failing: dict[str, str] = field(default_factory=dict[str, str])
    """Code of the error, by operation; what a function says, by its ARN."""
    region_name: str = "eu-central-1"
    asked_for: str | None = None
    """The region that it was made for, if that is another than the caller's."""
    called: list[tuple[str, dict[str, Any]]] = field(
        default_factory=list[tuple[str, dict[str, Any]]]
    )

    def client(self, _: str, **__: Any) -> "Aws":
        return self

    def _call(self, operation: str, **given: Any) -> None:
        if code := self.failing.get(operation):
            raise refusal(code)
        self.called.append((operation, given))

    def get_role(self, **given: Any) -> dict[str, Any]:
        self._call("GetRole", **given)
        return {"Role": {"Arn": f"arn:aws-cn:iam::111122223333:role/people/{given['RoleName']}"}}

    def put_role_policy(self, **given: Any) -> None:
        self._call("PutRolePolicy", **given)

    def delete_role_policy(self, **given: Any) -> None:
        self._call("DeleteRolePolicy", **given)

    def invoke(self, **given: Any) -> dict[str, Any]:
        self._call("Invoke", **given)
        said = self.failing.get(given["FunctionName"])
        answer = {"Payload": io.BytesIO(json.dumps({"errorMessage": said}).encode())}
        return answer | ({"FunctionError": "Unhandled"} if said else {})

    def asked(self, operation: str) -> list[dict[str, Any]]:
        """What each call of an operation was given that succeeded."""
        return [given for name, given in self.called if name == operation]
