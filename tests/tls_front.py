"""The front door of the tests, which benchmarks have, too, and a function that is behind it."""

from pathlib import Path

from emulator.postgres.front import listening as listening
from emulator.postgres.front import write_certificate as write_certificate
from tests.database_server import MASTER


def function_environment(host: str, port: int, folder: Path) -> dict[str, str]:
    """The variables of a function whose server is at a front, and its authorities in ``folder``."""
    return {
        "DATABASE_HOST": host,
        "DATABASE_PORT": str(port),
        "MASTER_USER": MASTER,
        "LAMBDA_TASK_ROOT": str(folder),
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "a-secret-key",
    }
