"""Lambda's functions, and what becomes of their invocations."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from emulator.ministack.private import Ministack


@dataclass(frozen=True)
class Function:
    """A Lambda function as it was deployed; `timeout` in seconds, `memory` in MB."""

    name: str
    arn: str
    runtime: str
    handler: str
    role: str
    timeout: float
    memory: int
    variables: Mapping[str, str]
    subnets: Sequence[str]
    security_groups: Sequence[str]
    log_group: str
    log_level: str
    code: bytes


@dataclass(frozen=True)
class Outcome:
    """What an invocation gave: `payload` is the error's record when it `failed`."""

    payload: Any
    failed: bool
    log: str


class Functions:
    """Lambda."""

    def __init__(self, ministack: Ministack) -> None:
        self._ministack = ministack

    def run_with(self, run: Callable[[Function, Any, str], Outcome]) -> None:
        """Call `run` with a function, the event and the request's id for each invocation."""

        def execute(record: Any, event: Any, request_id: str) -> dict[str, Any]:
            outcome = run(_function(record), event, request_id)
            if outcome.failed:
                self._fail_custom_resource(event, outcome)
            return {"body": outcome.payload, "error": outcome.failed, "log": outcome.log}

        self._ministack.module("services.lambda_svc")["_execute_function_warm"] = execute

    def _fail_custom_resource(self, event: Any, outcome: Outcome) -> None:
        # A function that fails without an answer leaves a stack to wait for an hour on AWS.
        # That much fidelity helps nobody here.
        request = cast("dict[str, str]", event if isinstance(event, dict) else {})
        answer_to = request.get("ResponseURL", "").partition("/cfn-response/")[2]
        if answer_to:
            answer = {
                "Status": "FAILED",
                "Reason": f"no answer, as the function failed: {json.dumps(outcome.payload)}",
                "PhysicalResourceId": request.get("PhysicalResourceId", request["RequestId"]),
            }
            deliver = self._ministack.get(
                "services.cloudformation.custom_resource", "deliver_response"
            )
            deliver(answer_to, answer)


def _function(record: Any) -> Function:
    config: dict[str, Any] = record.get("config") or record
    logging: dict[str, Any] = config.get("LoggingConfig") or {}
    variables: dict[str, Any] = config.get("Environment") or {}
    network: dict[str, Any] = config.get("VpcConfig") or {}
    return Function(
        name=config["FunctionName"],
        arn=config["FunctionArn"],
        runtime=config["Runtime"],
        handler=config["Handler"],
        role=config["Role"],
        timeout=float(config.get("Timeout", 3)),
        memory=int(config.get("MemorySize", 128)),
        variables=variables.get("Variables") or {},
        subnets=network.get("SubnetIds") or (),
        security_groups=network.get("SecurityGroupIds") or (),
        log_group=logging.get("LogGroup") or f"/aws/lambda/{config['FunctionName']}",
        log_level=logging.get("ApplicationLogLevel") or "",
        code=record.get("code_zip") or b"",
    )
