"""What a team has, looked at, taken over, used, given back. Run by `make demo-existing`."""

import sys

from installation.installed import remove
from proof import lock
from proof.command import shown
from proof.existing import story
from proof.programs import ROOT
from proof.progress import Progress

STATE = ROOT / ".local/demo-existing"


def main() -> int:
    """The exit status is 0 only if each step held."""
    return shown(STATE, _told, moral="what was there before was used, and is as it was")


def _told(progress: Progress) -> None:
    for old in STATE.iterdir():
        if old.name != lock.NAME:
            remove(old)
    story.tell(progress, STATE)


if __name__ == "__main__":
    sys.exit(main())
