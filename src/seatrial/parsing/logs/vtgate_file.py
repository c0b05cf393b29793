"""vtgate's query log in JSON, kept in a file: a line is a statement (parsing/vtgate_log.py)."""

from collections.abc import Iterator

from seatrial.domain.executed import Executed
from seatrial.parsing.logs.reader import Reader
from seatrial.parsing.slow_log import CUT, NO_EVENT
from seatrial.parsing.vtgate_log import executed


class VtgateFile(Reader):
    """A file of vtgate's log lines (`--log_queries_to_file`, `--querylog-format json`)."""

    dialect = "vtgate query log"

    def __iter__(self) -> Iterator[Executed]:
        for offset, line in self._lines():
            if (told := executed(line)) is not None:
                yield self._event(told)
            elif line.strip(b"\0 \t\r\n"):
                self.cut = not line.endswith(b"\n")
                self._miss(CUT if self.cut else NO_EVENT, offset)

    @property
    def caveats(self) -> list[str]:
        return [
            f"{self._name} is vtgate's: it has no rows sent or examined, and times without a zone, which are taken for "
            "those of this machine."
        ]
