"""Run one invocation of a Python function, as Lambda's runtime would; boto3 is all there is.

The event comes on stdin, the answer goes to a file, stdout and stderr are the log.
"""

import importlib
import json
import logging
import os
import socket
import sys
import time
import traceback

taken = os.environ.pop


class Context:
    """What a handler gets beside the event."""

    def __init__(self) -> None:
        self.aws_request_id = taken("_REQUEST_ID")
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = taken("_FUNCTION_ARN")
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = self.aws_request_id
        self.memory_limit_in_mb = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
        self._end = time.monotonic() + float(taken("_TIMEOUT"))

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""
        return max(0, int(1000 * (self._end - time.monotonic())))


def resolve_instances_here() -> None:
    """RDS's endpoint names are this machine's, as the VPC's resolver knows them on AWS."""
    resolve = socket.getaddrinfo

    def getaddrinfo(host, *rest, **options):
        if isinstance(host, str) and host.endswith(".rds.amazonaws.com"):
            host = "127.0.0.1"
        return resolve(host, *rest, **options)

    socket.getaddrinfo = getaddrinfo


def log_as_lambda(request_id: str) -> None:
    """Log to stdout in Lambda's format."""
    line = f"[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t{request_id}\t%(message)s"
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))
    logging.getLogger().addHandler(handler)
    if level := os.environ.get("AWS_LAMBDA_LOG_LEVEL"):
        logging.getLogger().setLevel(level)


def main() -> None:
    """Call the handler once."""
    answer = int(taken("_ANSWER"))
    os.set_inheritable(answer, False)
    event = json.load(sys.stdin)
    context = Context()
    log_as_lambda(context.aws_request_id)
    resolve_instances_here()
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    module, _, name = os.environ["_HANDLER"].rpartition(".")
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
        result = json.dumps({"payload": handler(event, context), "failed": False})
    except BaseException as error:
        traceback.print_exc()
        payload = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": context.aws_request_id,
            "stackTrace": traceback.format_tb(error.__traceback__),
        }
        result = json.dumps({"payload": payload, "failed": True})
    sys.stdout.flush()
    with open(answer, "w") as file:
        file.write(result)


main()
