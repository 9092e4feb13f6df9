"""The token that is a login's password, signed without an API call."""

from functools import lru_cache
from urllib.parse import urlencode

import botocore.session
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import CredentialRetrievalError

from rds_login.causes import MissingCredentialsError

TOKEN_SECONDS = 900  # Amazon RDS User Guide, "IAM database authentication"


@lru_cache(maxsize=1)
def signed_token(host: str, port: int, user: str, region: str, _: int) -> str:
    """A token signed with this process's credentials.

    The same for the same arguments; another last one has a new token signed.

    Raises:
        MissingCredentialsError: there are no AWS credentials to sign it with.
    """
    session = botocore.session.get_session()
    try:
        credentials = session.get_credentials()
    except CredentialRetrievalError as error:
        raise MissingCredentialsError(f"no AWS credentials to sign a token with: {error}") from None
    if credentials is None:
        raise MissingCredentialsError("no AWS credentials to sign a token with")
    return sign(credentials, host, port, user, region)


def sign(credentials: Credentials, host: str, port: int, user: str, region: str) -> str:
    """What boto3's `generate_db_auth_token` returns, without the 40 MiB of its RDS client.

    Args:
        credentials: whose token it is; those that expire are renewed first.
        host: the instance's own endpoint, no alias of it.
        port: the endpoint's.
        user: the database user to log in as.
        region: the instance's.
    """
    query = urlencode({"Action": "connect", "DBUser": user})
    request = AWSRequest("GET", f"https://{host}:{port}/?{query}")
    SigV4QueryAuth(
        credentials.get_frozen_credentials(), "rds-db", region, expires=TOKEN_SECONDS
    ).add_auth(request)
    return str(request.url).removeprefix("https://")
