"""Looks why statements wait: one thread for all that a run has at work."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

WAIT_SECONDS = 0.5  # how long a statement waits before somebody looks why; then twice that
_TICK = 5  # looks at the clock so often while it waits


@dataclass(eq=False)
class Waiting:
    """A statement of the backend `process`, and who was seen in its way last, in words."""

    process: int
    due: float
    pause: float
    holder: str = ""


class Watch:
    """Calls `clear` for each backend that waits; it clears the way and tells who was in it."""

    def __init__(self, clear: Callable[[int], str]) -> None:
        self._clear = clear
        self._waiting: set[Waiting] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    @contextmanager
    def over(self, process: int) -> Generator[Waiting]:
        """Watches what the backend `process` does meanwhile."""
        waiting = Waiting(process, time.monotonic() + WAIT_SECONDS, WAIT_SECONDS)
        with self._lock:
            self._waiting.add(waiting)
        try:
            yield waiting
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    def _watch(self) -> None:
        while not self._over.wait(WAIT_SECONDS / _TICK):
            now = time.monotonic()
            with self._lock:
                due = [waiting for waiting in self._waiting if waiting.due <= now]
            for waiting in due:
                waiting.pause *= 2
                waiting.due = now + waiting.pause
                # Each in a thread of its own: what is in the way of one holds up no other.
                threading.Thread(target=self._look, args=(waiting,)).start()

    def _look(self, waiting: Waiting) -> None:
        waiting.holder = self._clear(waiting.process) or waiting.holder
