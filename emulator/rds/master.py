"""A master user's password that RDS makes, and keeps in Secrets Manager.

Source: "Password management with Amazon RDS and AWS Secrets Manager", and that of Aurora.
"""

import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from emulator.engine import Emulator


class Secrets:
    """The secrets of master users."""

    def __init__(self, emulator: Emulator) -> None:
        self._type = emulator.stacks.resource_type("AWS::SecretsManager::Secret")

    def keep(self, record: dict[str, Any], master: str, stack: str, *, kind: str) -> str:
        """Make a password for the master of a server, and keep it; the password.

        Args:
            record: the server's, which tells of the secret from then on.
            master: the user.
            stack: the stack's name.
            kind: `db` or `cluster`, as the secret's name has it.
        """
        password = secrets.token_urlsafe(21)
        text = json.dumps({"username": master, "password": password})
        given = {"Name": f"rds!{kind}-{uuid.uuid4()}", "SecretString": text}
        _, made = self._type.create("MasterUserSecret", given, stack)
        record["MasterUserSecret"] = {"SecretArn": made["Arn"], "SecretStatus": "active"}
        return password

    def drop(self, record: Mapping[str, Any] | None) -> None:
        """Remove the secret of a server that is gone, if it had one."""
        if record and (secret := record.get("MasterUserSecret")):
            self._type.delete(secret["SecretArn"].split(":")[6].rpartition("-")[0], {})
