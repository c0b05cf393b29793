"""What a log's readers read from: text that is made, piece by piece, of what a file holds."""

from abc import ABC, abstractmethod


class Pieced(ABC):
    """A text, read once from its beginning. It is a stream to its readers, as far as they need one."""

    def __init__(self) -> None:
        self._ready = b""

    @abstractmethod
    def _piece(self, size: int) -> bytes:
        """Some bytes more, about that many; none at the end."""

    def peek(self, size: int) -> bytes:
        """The next bytes, fewer than `size` at the end only; they will be read again."""
        head = self.read(size)
        self._ready = head + self._ready
        return head

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end only."""
        pieces = [self._ready]
        length = len(self._ready)
        while length < size and (piece := self._piece(size - length)):
            pieces.append(piece)
            length += len(piece)
        whole = b"".join(pieces) if len(pieces) > 1 else pieces[0]
        self._ready = whole[size:]
        return whole[:size]
