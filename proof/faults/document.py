"""The table of faults as a document: `make schema` writes docs/faults.md from it."""

from proof.faults.all import EVERY, OF_CONNECTIONS
from proof.faults.fault import Fault

_HEAD = """\
# Faults, and what the doctor calls them

Made by `make schema` from `proof/faults/all.py`. Each fault is brought about by itself in the local
system: a real PostgreSQL behind TLS, IAM's evaluation, the deployed function. Then the doctor is
asked by command, by somebody who may ask all that [access.md](access.md#when-it-fails) lists and by
somebody who may do nothing but log in, and in Airflow 3.3.1 and 2.11.2. `tests/e2e/test_faults.py`
holds every cell: each test fails where the doctor says anything else. [causes.md](causes.md) says
what each cause means.

Who may ask less is told less, and never a wrong thing: a token that IAM refuses is
`refused-token` to somebody who may read neither IAM nor the instance's log.

| Fault | Who may ask | The role alone | In Airflow |
|---|---|---|---|
"""


def document() -> str:
    """The table in Markdown."""
    return _HEAD + "".join(map(_row, (*EVERY, *OF_CONNECTIONS)))


def _row(fault: Fault) -> str:
    cells = [f"`{cause}`" if cause else "healthy" for cause in fault.expected]
    if not fault.command:
        cells[:2] = "", ""
    return f"| {fault.title} | {' | '.join(cells)} |\n"


if __name__ == "__main__":
    print(document(), end="")
