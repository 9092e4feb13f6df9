"""Lambda functions: from the uploaded asset, each invocation in a process of its own."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from emulator import processes, way_out
from emulator.engine import Emulator
from emulator.ministack.functions import Function, Outcome

_RUNTIME = Path(__file__).with_name("runtime")
# As on AWS, a function inside the VPC finds no endpoint unless the network has a way to one.
_NO_ENDPOINT = "http://no-route-from-the-vpc.invalid"
_CA_BUNDLE = "global-bundle.pem"


class Functions:
    """Runs functions with what they find on AWS: their role, their asset, boto3, no more."""

    def __init__(
        self, emulator: Emulator, *, directory: Path, rds_ca: Path, python: Path, node_modules: Path
    ) -> None:
        self._emulator = emulator
        self._directory = directory
        self._rds_ca = rds_ca
        self._python = python
        self._node_modules = node_modules
        self._unpacking = threading.Lock()
        self._on_log: Callable[[str], None] = lambda _: None
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, function: Function, event: Any, request_id: str) -> Outcome:
        """Invoke `function`; its failure is an outcome, and a timeout is a failure."""
        if not function.runtime.startswith(("python", "nodejs")):
            return _failed("Runtime.Unsupported", f"no local runtime for {function.runtime}", "")
        root = self._unpacked(function)
        with tempfile.TemporaryFile() as answer:
            process = subprocess.Popen(  # noqa: S603 the function that was deployed
                processes.launched(self._command(function)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd=root,
                env=self._environment(function, root, request_id, answer.fileno()),
                pass_fds=[answer.fileno()],
                start_new_session=True,
            )
            self._running.add(process)
            try:
                log, timed_out = _communicate(process, json.dumps(event), function.timeout)
            finally:
                self._running.discard(process)
            answer.seek(0)
            result = answer.read()
        outcome = _outcome(function, process.returncode, result, log, timed_out)
        with (self._directory / f"{function.name}.log").open("a") as file:
            file.write(f"START {request_id}\n{outcome.log}\nEND {request_id}\n")
        self._on_log(outcome.log)
        return outcome

    def on_log(self, take: Callable[[str], None]) -> None:
        """Call `take` with what each invocation has logged."""
        self._on_log = take

    def stop(self) -> None:
        """End the functions that run."""
        for process in list(self._running):
            _kill(process)

    def _command(self, function: Function) -> list[str | Path]:
        if function.runtime.startswith("python"):
            return [self._python, "-P", _RUNTIME / "function.py"]
        node = shutil.which("node")
        if node is None:
            raise RuntimeError("no node on the PATH, which CDK's own functions need")
        return [node, _RUNTIME / "function.js"]

    def _unpacked(self, function: Function) -> Path:
        digest = hashlib.sha256(function.code).hexdigest()[:16]
        root = self._directory / f"{function.name}-{digest}"
        with self._unpacking:
            if not root.exists():
                partial = root.with_suffix(".partial")
                zipfile.ZipFile(BytesIO(function.code)).extractall(partial)
                bundle = partial / _CA_BUNDLE
                if bundle.exists():
                    # The local authority stands in the place of Amazon's, so whoever trusts
                    # RDS's certificates here trusts it.
                    bundle.write_text(bundle.read_text() + "\n" + self._rds_ca.read_text())
                partial.rename(root)
        return root

    def _environment(
        self, function: Function, root: Path, request_id: str, answer: int
    ) -> dict[str, str]:
        session = self._emulator.identities.role_session(
            function.role, function.name, function.timeout + 300
        )
        return {
            **function.variables,
            **way_out.endpoints(self._emulator, function, nowhere=_NO_ENDPOINT),
            "AWS_ACCESS_KEY_ID": session.access_key_id,
            "AWS_DEFAULT_REGION": self._emulator.region,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
            "AWS_LAMBDA_LOG_LEVEL": function.log_level,
            "AWS_REGION": self._emulator.region,
            "AWS_SECRET_ACCESS_KEY": session.secret_access_key,
            "AWS_SESSION_TOKEN": session.session_token,
            "LAMBDA_TASK_ROOT": str(root),
            "LANG": "en_US.UTF-8",
            "NODE_PATH": str(self._node_modules),
            "PATH": os.environ["PATH"],
            "TZ": ":UTC",
            "_ANSWER": str(answer),
            "_FUNCTION_ARN": function.arn,
            "_HANDLER": function.handler,
            "_REQUEST_ID": request_id,
            "_TIMEOUT": str(function.timeout),
        }


def _communicate(process: subprocess.Popen[bytes], event: str, timeout: float) -> tuple[str, bool]:
    try:
        log, _ = process.communicate(event.encode(), timeout)
        timed_out = False
    except subprocess.TimeoutExpired:
        _kill(process)
        log, _ = process.communicate()
        timed_out = True
    return log.decode(errors="replace").rstrip(), timed_out


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _outcome(function: Function, status: int, result: bytes, log: str, timed_out: bool) -> Outcome:
    if timed_out:
        message = f"Task timed out after {function.timeout:.2f} seconds"
        return _failed("Sandbox.Timedout", message, f"{log}\n{message}".lstrip())
    if not result:
        message = f"Runtime exited with error: exit status {status}"
        return _failed("Runtime.ExitError", message, f"{log}\n{message}".lstrip())
    answer = json.loads(result)
    return Outcome(answer["payload"], answer["failed"], log)


def _failed(kind: str, message: str, log: str) -> Outcome:
    return Outcome({"errorMessage": message, "errorType": kind}, failed=True, log=log)
