"""The name and the password of a master user, as RDS keeps them in Secrets Manager."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from rds_login.causes import ServerError

SECONDS = 10
# "Settings for DB instances", "Master username"; PostgreSQL's of 63 characters.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class SecretError(ServerError):
    """The secret cannot be read, or is none of a master user's."""


@dataclass(frozen=True, slots=True)
class Master:
    """A user and its password, which no text of this shows."""

    user: str
    password: str = field(repr=False)


def read_master(arn: str, region: str) -> Master:
    """The master user that the secret `arn` is of.

    Raises:
        SecretError: naming the cause and the remedy, and nothing of what the secret holds.
    """
    config = Config(
        connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 2}
    )
    session: Any = botocore.session.get_session()
    client: Any = session.create_client("secretsmanager", region_name=region, config=config)
    try:
        text: object = client.get_secret_value(SecretId=arn).get("SecretString")
    except ClientError as error:
        known: Any = error.response.get("Error", {})
        raise SecretError(
            f"{arn} cannot be read ({known.get('Code')}): the secret must be there, its own policy"
            " must not deny it to this function's role, and the key that it is encrypted with must"
            " be declared (`key`) if it is one of yours"
        ) from None
    except (HTTPClientError, BotoCoreError) as error:
        raise SecretError(
            f"Secrets Manager does not answer ({type(error).__name__}): the subnets must have a way"
            " to it, by NAT or by an endpoint of secretsmanager whose security group lets this"
            " function's in at port 443"
        ) from None
    return _parsed(arn, text)


def _parsed(arn: str, text: object) -> Master:
    try:
        known: Any = json.loads(text) if isinstance(text, str) else {}
        user, password = known["username"], known["password"]
    except (ValueError, KeyError, TypeError):
        raise SecretError(
            f"{arn} must be an object with the keys username and password, as RDS writes it"
        ) from None
    if not (isinstance(user, str) and _NAME.fullmatch(user)):
        raise SecretError(f"{arn}: username must be the name of a master user of RDS's")
    if not (isinstance(password, str) and password):
        raise SecretError(f"{arn}: password must be a text that is not empty")
    return Master(user, password)
