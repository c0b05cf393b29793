"""The innermost loops, compiled: each module does what its twin in Python does, sooner, and knows nothing of the rest.

A name is None where nothing was compiled, as no C compiler was at hand, or where SEATRIAL_PLAIN=1 says to do without.
"""

import os
from importlib import import_module
from types import ModuleType


def _compiled(name: str) -> ModuleType | None:
    if os.environ.get("SEATRIAL_PLAIN", "0") != "0":
        return None
    try:
        return import_module(f"{__name__}.{name}")
    except ImportError:
        return None


counting = _compiled("counting")
headings = _compiled("headings")
lexer = _compiled("lexer")
outline = _compiled("outline")
patterns = _compiled("patterns")
repeats = _compiled("repeats")
