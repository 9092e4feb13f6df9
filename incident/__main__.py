"""Stop an identity at once, or undo that: `make revoke`, `make restore-access`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from airflow_rds_iam.declaration.document import DeclarationError, Document
from airflow_rds_iam.declaration.environments import declaration_file
from incident.environment import NotDeployedError, deployed
from incident.revocation import restore, revoke

_REVOKED = """\
What is left: have {identity} removed from the declaration of {environment}, by pull request. A
deploy before that brings the users back, though they are denied their logins until
`make restore-access IDENTITY={identity} ENVIRONMENT={environment}`. Whoever holds the role
still has its other permissions: they are its owner's to take.
"""
_UNFINISHED = "Not all is done: mend what is said above, and run the same command again.\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it, step by step. 0: all is done; 1: something is left, and it is said what."""
    parser = argparse.ArgumentParser(prog="python -m incident", description=__doc__)
    parser.add_argument("action", choices=["revoke", "restore"])
    parser.add_argument("environment", help="its name, or the file of its declaration")
    parser.add_argument("identity", help="as the declaration names it, such as airflow")
    given = parser.parse_args(arguments)
    environment = Path(given.environment).stem
    session = boto3.Session(region_name=_region(given.environment))
    act = revoke if given.action == "revoke" else restore
    failed = False
    try:
        for step in act(session, deployed(session, environment), given.identity):
            mark = "✗" if step.failure else "✓"
            print(f"{mark} {step.title} ({step.seconds:.1f} s)", flush=True)
            if step.failure:
                failed = True
                print(f"  {step.failure}", flush=True)
    except (NotDeployedError, ClientError, BotoCoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if failed:
        sys.stderr.write(_UNFINISHED)
    elif given.action == "revoke":
        print(_REVOKED.format(identity=given.identity, environment=environment), end="")
    return 1 if failed else 0


def _region(environment: str) -> str | None:
    """Where it was deployed, if a declaration says so; None: where the caller's credentials are.

    One that is wrong elsewhere, or gone, keeps nobody from stopping an identity.
    """
    try:
        content = Document(declaration_file(environment, folder=Path("environments"))).content
    except DeclarationError:
        return None
    region = content.get("region")
    return region if isinstance(region, str) else None


if __name__ == "__main__":
    sys.exit(main())
