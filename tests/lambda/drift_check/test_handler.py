"""What is asked of the users' function is what the template that is deployed declares."""

import io
import json
from typing import Any

import pytest

from drift_check.handler import FailedError, handle

DATABASES = [{"Name": "orders"}]
RESOURCES = {
    "Users": {"Properties": {"Databases": DATABASES, "Prefix": "blue", "Repair": {"Ref": "Repair"}}}
}
EVENT = {"Mode": "check", "Metrics": {"Namespace": "n"}}


class Aws:
    """An account with that stack, whose function answers."""

    def __init__(self, body: object, answer: dict[str, Any]) -> None:
        self._body, self._answer = body, answer
        self.asked: list[dict[str, Any]] = []

    def get_template(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        assert StackName == "stack"
        return {"TemplateBody": self._body}

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append({"to": FunctionName} | json.loads(Payload))
        payload = io.BytesIO(json.dumps(self._answer).encode())
        failed = {"FunctionError": "Unhandled"} if "errorMessage" in self._answer else {}
        return {"Payload": payload, **failed}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {"STACK": "stack", "RESOURCE": "Users", "FUNCTION": "function"}.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


# CloudFormation returns a template of JSON as an object, and any other as text.
@pytest.mark.parametrize("body", [{"Resources": RESOURCES}, json.dumps({"Resources": RESOURCES})])
def test_a_check_is_of_what_is_deployed_and_its_answer_is_told(
    told: pytest.MonkeyPatch, body: object
) -> None:
    aws = Aws(body, {"Statements": 3})
    told.setattr("boto3.client", lambda *_, **__: aws)  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]
    assert handle(EVENT, None) == {"Statements": 3}
    assert aws.asked == [{"to": "function", **EVENT, "Databases": DATABASES, "Prefix": "blue"}]


def test_one_that_fails_has_failed_and_is_not_called_twice(told: pytest.MonkeyPatch) -> None:
    aws = Aws({"Resources": RESOURCES}, {"errorMessage": "no route"})
    told.setattr("boto3.client", lambda *_, **__: aws)  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]
    with pytest.raises(FailedError, match="no route"):
        handle(EVENT, None)
    assert len(aws.asked) == 1
