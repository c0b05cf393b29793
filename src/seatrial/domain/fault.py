"""Expected trouble, said in one line: what happened, what to do next, whether a retry helps."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of every command (after sysexits.h where one fits)."""

    OK = 0
    NEGATIVE = 1  # a failed verdict, or findings that block
    FAULT = 2
    INCONCLUSIVE = 3
    USAGE = 64
    RETRY = 75
    CONFIG = 78


class Fault(Exception):
    """Trouble a user can act on. Anything else that is raised is a defect of ours.

    `code` is stable and dotted, room first (`dossier.locked`); `what` is one line that names the thing;
    `remedy` is the next step to take; `retry` says that the same command may succeed later unchanged.
    """

    def __init__(self, code: str, what: str, *, remedy: str, retry: bool = False, exit: Exit | None = None) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.remedy = remedy
        self.retry = retry
        self.exit = exit if exit is not None else (Exit.RETRY if retry else Exit.FAULT)

    def __str__(self) -> str:
        return f"{self.what} [{self.code}] Next: {self.remedy}"

    def as_dict(self) -> dict[str, str | bool]:
        """The same fault for `--json` and the run's events."""
        return {"code": self.code, "what": self.what, "remedy": self.remedy, "retry": self.retry}


class Cancelled(Exception):
    """The user asked to stop. Raised by `tell`; nothing catches it but the runner of a step."""
