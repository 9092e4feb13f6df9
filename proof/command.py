"""A command that shows steps, until they have held, one has not, or somebody ends it."""

import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console, RenderableType
from rich.markup import escape

from proof import lock
from proof.programs import ProgramError
from proof.progress import Progress, UnprovenError

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def shown(state: Path, steps: Callable[[Progress], RenderableType | None], *, moral: str) -> int:
    """Show the steps at the terminal; the exit status is 0 only if each held.

    Args:
        state: the folder that one of them at a time may use.
        steps: does them, and gives what is shown at the end.
        moral: what they show together.
    """
    console = Console()
    progress = Progress(console)
    for number in ENDING:
        signal.signal(number, _interrupt)
    try:
        with lock.held(state):
            found = steps(progress)
    except lock.BusyError as busy:
        console.print(f"[bold red]✗[/] {escape(str(busy))}")
        return 1
    except KeyboardInterrupt:
        console.print("[bold red]✗[/] interrupted; everything that was started has ended")
        return 130
    except (UnprovenError, ProgramError, psycopg.Error, BotoCoreError, ClientError) as failure:
        console.print(f"\n[bold red]{escape(str(failure))}[/]", highlight=False, soft_wrap=True)
    except Exception:
        console.print_exception()
    else:
        if found is not None:
            console.print(found)
        console.print(
            f"[bold green]{progress.held} steps held in {progress.seconds:.0f} s[/]: {moral}",
            soft_wrap=True,
        )
        return 0
    console.print(f"The logs are in {state}/logs, the local AWS's in {state}/aws.")
    return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Once is enough: what follows is the way out.
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
