"""Python's search for cycles of objects, made less often: events come and go by the thousand, without any."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS = 100_000
"""So many new ones before the youngest are searched; searching at every 700th took a tenth of the time."""


@contextmanager
def seldom_searched() -> Iterator[None]:
    """While logs are read."""
    before = gc.get_threshold()
    gc.set_threshold(OBJECTS, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)
