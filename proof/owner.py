"""The account's owner, who has made the roles of people and pipelines before anybody deploys."""

import json
import re
import threading
from collections.abc import Generator, Iterable, Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from proof.account import Account
from proof.programs import ROOT

_SECONDS = 0.2
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/[\w+=,.@/-]*[\w+=,.@-]")
_DECLARATIONS = ("*.yaml", "*/*.yaml")
_TEMPLATES = ("cdk.out*/*.template.json", ".local/*/cdk.out/*.template.json")


@contextmanager
def at_work(account: Account, *, role_arns: Iterable[str] = ()) -> Generator[Set[str]]:
    """Make the roles of ``role_arns`` now and, until left, each that is named here later.

    Yields the names of those that were made.

    A declaration of this folder names roles with their ARNs. One that stands elsewhere is known
    once it is synthesized, by the names in its templates.
    """
    made = {_name(arn) for arn in role_arns}
    for arn in role_arns:
        account.make_role(arn)
    end = threading.Event()

    def work() -> None:
        seen: dict[Path, float] = {}
        while not end.wait(_SECONDS):
            try:
                for arn in (*_declared(account, seen), *_synthesized(account, seen)):
                    if _name(arn) not in made:
                        with suppress(
                            account.client("iam").exceptions.EntityAlreadyExistsException
                        ):
                            account.make_role(arn)
                        made.add(_name(arn))
            except (OSError, ValueError, BotoCoreError, ClientError):
                # Half written, or the account is about to end: there is a next time, or none.
                seen.clear()

    worker = threading.Thread(target=work, name="owner", daemon=True)
    worker.start()
    try:
        yield made
    finally:
        end.set()
        worker.join()


def _declared(account: Account, seen: dict[Path, float]) -> Iterator[str]:
    for file in _changed(_DECLARATIONS, seen):
        for found in _ROLE.finditer(file.read_text()):
            if found[1] == account.id:
                yield found[0]


def _synthesized(account: Account, seen: dict[Path, float]) -> Iterator[str]:
    for file in _changed(_TEMPLATES, seen):
        for resource in json.loads(file.read_text()).get("Resources", {}).values():
            if resource["Type"] == "AWS::IAM::ManagedPolicy":
                for role in resource["Properties"].get("Roles", ()):
                    if isinstance(role, str):
                        yield f"arn:aws:iam::{account.id}:role/{role}"


def _changed(patterns: Iterable[str], seen: dict[Path, float]) -> Iterator[Path]:
    """The files of this folder that are new or were written since they were seen."""
    for pattern in patterns:
        for file in ROOT.glob(pattern):
            written = file.stat().st_mtime
            if seen.get(file) != written:
                yield file
                seen[file] = written


def _name(role_arn: str) -> str:
    # A role's name is one in its account, whatever its path.
    return role_arn.rpartition("/")[2]
