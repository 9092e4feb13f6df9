"""Shows a demo as it goes: a line a step, with its time and whether it held."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape


class UnprovenError(Exception):
    """Something that was to be shown did not hold; the message says what, and what was found."""


@dataclass
class Step:
    """A step under way: what it has found is shown behind its name."""

    detail: str = ""


@dataclass
class Progress:
    """The steps so far. Nothing is printed where there is no console, as in a test."""

    console: Console | None = None
    held: int = field(default=0, init=False)
    _begun: float = field(default_factory=time.monotonic, init=False)

    @contextmanager
    def step(self, title: str) -> Generator[Step]:
        """Do a step within this; an exception is one that did not hold."""
        step, begun = Step(), time.monotonic()
        spinner = self.console.status(title) if self.console else None
        if spinner:
            spinner.start()
        mark = "[bold red]✗[/]"
        try:
            yield step
            mark = "[green]✓[/]"
            self.held += 1
        finally:
            if spinner:
                spinner.stop()
            if self.console:
                seconds = time.monotonic() - begun
                detail = f" [dim]{escape(step.detail)}[/]" if step.detail else ""
                self.console.print(
                    f"{mark} [dim]{seconds:5.1f} s[/] {title}{detail}",
                    highlight=False,
                    soft_wrap=True,
                )

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._begun
