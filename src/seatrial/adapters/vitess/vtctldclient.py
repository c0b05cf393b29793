"""Runs Vitess's own vtctldclient against a vtctld, and turns its refusals into faults."""

import json
import re
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seatrial.adapters.process import run
from seatrial.domain.event import Tell, silent
from seatrial.domain.fault import Fault

TIMEOUT_S = 120.0
KNOCK_TIMEOUT_S = 5.0

_AWAY = re.compile(r"connection refused|code = Unavailable|deadline exceeded|no route to host")
_RPC = re.compile(r"rpc error: code = \w+ desc = ")


class Vtctldclient:
    """One program, one server. Flags and commands are those of Vitess 24."""

    def __init__(self, program: Path, server: str) -> None:
        self._program = program
        self.server = server

    def text(self, *arguments: str, tell: Tell = silent, timeout_s: float = TIMEOUT_S) -> str:
        """What the command prints; its refusal as Fault `vitess.refused`, or `vitess.unreachable`."""
        self._knock(arguments)
        done = run(
            [self._program, "--server", self.server, "--action-timeout", f"{timeout_s:.0f}s", *arguments],
            tell=tell,
            timeout_s=timeout_s + 10,
        )
        if done.ok:
            return done.stdout
        raise self._fault(arguments, done.stderr or done.stdout)

    def json(self, *arguments: str, tell: Tell = silent, timeout_s: float = TIMEOUT_S) -> Any:
        """What the command prints, as data."""
        text = self.text(*arguments, tell=tell, timeout_s=timeout_s)
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            raise Fault(
                "vitess.not-json",
                f"vtctldclient {' '.join(arguments[:4])} printed no JSON: {text[:200].strip()!r}",
                remedy="use the Vitess version that `seatrial lab install` brings",
            ) from None

    def _knock(self, arguments: Sequence[str]) -> None:
        """Fault where nobody listens: vtctldclient itself would wait for its whole time-out."""
        host, _, port = self.server.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), KNOCK_TIMEOUT_S).close()
        except (OSError, ValueError) as error:
            raise self._fault(arguments, f"connection refused: {error}") from None

    def _fault(self, arguments: Sequence[str], said: str) -> Fault:
        words = said_by(said)
        if _AWAY.search(said):
            return Fault(
                "vitess.unreachable",
                f"vtctld at {self.server} or a tablet behind it does not answer: {words}",
                remedy="see that the cluster is up (seatrial lab status), then run the same command again",
                retry=True,
            )
        return Fault(
            "vitess.refused",
            f"Vitess refused {_named(arguments)}: {words}",
            remedy="read Vitess's own words above; nothing else was tried",
        )


def said_by(stderr: str) -> str:
    """The sentence of vtctldclient's complaint: its last line of log (JSON in Vitess 24) without the RPC wrapping."""
    last = next((line for line in reversed(stderr.splitlines()) if line.strip()), "no reason given")
    try:
        last = str(json.loads(last)["msg"])
    except (json.JSONDecodeError, KeyError, TypeError):
        pass
    return re.sub(r"\s+", " ", _RPC.sub("", last)).strip()[:600]


def _named(arguments: Sequence[str]) -> str:
    """The command without values that may be long or private."""
    return " ".join(word for word in arguments if len(word) < 60 and "\n" not in word)[:160]
