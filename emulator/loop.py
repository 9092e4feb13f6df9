"""An event loop beside the code that starts it."""

import asyncio
import contextlib
import threading
from collections.abc import Generator
from concurrent.futures import Future


@contextlib.contextmanager
def running_loop() -> Generator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own. At the end its tasks are cancelled, and it waits for them:
    one that is left is ended by the garbage collector in the middle of other code.
    """
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        ended = asyncio.Event()
        started.set_result((asyncio.get_running_loop(), ended))
        await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="event loop", daemon=True)
    thread.start()
    loop, ended = started.result()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
