"""So many at once, for a while each."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# What still works after this no longer starts, and lets the next one in.
LONGEST_TURN = 5.0


class Turns:
    """Lets `count` work at once. Whoever works longer than a turn goes on, but holds up nobody any more."""

    def __init__(self, count: int, longest: float = LONGEST_TURN) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._longest = longest

    @contextmanager
    def one(self) -> Iterator[None]:
        self._free.acquire()
        over = threading.Lock()

        def end() -> None:
            # Once: by the end of the work, or of the turn.
            if over.acquire(blocking=False):
                self._free.release()

        timer = threading.Timer(self._longest, end)
        timer.daemon = True
        try:
            timer.start()
            yield
        finally:
            timer.cancel()
            end()
