"""What a team has, looked at, taken over, used, given back. Run by `make demo-existing`."""

import signal
import sys
from types import FrameType

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from installation.installed import remove
from proof import lock
from proof.existing import story
from proof.programs import ROOT, ProgramError
from proof.progress import Progress, UnprovenError

STATE = ROOT / ".local/demo-existing"


def main() -> int:
    """The exit status is 0 only if each step held."""
    console = Console()
    progress = Progress(console)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        with lock.held(STATE):
            for old in STATE.iterdir():
                if old.name != lock.NAME:
                    remove(old)
            story.tell(progress, STATE)
    except lock.BusyError as busy:
        console.print(f"[bold red]✗[/] {escape(str(busy))}")
        return 1
    except KeyboardInterrupt:
        console.print("[bold red]✗[/] interrupted; everything that was started has ended")
        return 130
    except (UnprovenError, ProgramError, psycopg.Error, BotoCoreError, ClientError) as failure:
        console.print(f"\n[bold red]{escape(str(failure))}[/]", highlight=False, soft_wrap=True)
        console.print(f"The logs are in {STATE}/logs, the local AWS's in {STATE}/aws.")
        return 1
    console.print(
        f"[bold green]{progress.held} steps held in {progress.seconds:.0f} s[/]: what was there "
        "before was used, and is as it was",
        soft_wrap=True,
    )
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: what follows is the way out.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
