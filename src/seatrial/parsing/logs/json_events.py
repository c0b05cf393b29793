"""The events of a log that stand in JSON, as CloudWatch and those who carry its logs on write them.

Read as a stream: no more is held than one value that is no list of events, or a chunk. What is looked for:

- `{"events": [EVENT, …]}`: `aws logs get-log-events` and `filter-log-events`;
- `{"messageType": "DATA_MESSAGE", "logEvents": [EVENT, …]}`: a subscription, as Firehose puts it into S3;
- `{"results": [ROW, …]}` and `[ROW, …]`: Logs Insights; a row is `[{"field": "@message", "value": …}, …]` or an EVENT;
- EVENT by itself: `{"message": …, "timestamp": …}`;

any number of these behind each other, with or without anything between them.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from seatrial.parsing.logs.pieced import Pieced

CHUNK_BYTES = 1 << 20
LONGEST = 16 << 20
"""Characters of one value. CloudWatch takes no event of more than a million bytes."""

_LISTS = ("logEvents", "events", "results")
_BLANK = re.compile(r"[ \t\r\n]*")
_BEGINS = re.compile(rb"(?:\xef\xbb\xbf)?\s*[{\[]")
# a quote inside a string is escaped, so these are keys indeed
_KEYS = re.compile(rb'"@?message"\s*:\s*"|"(?:' + "|".join(_LISTS).encode() + rb')"\s*:\s*\[|"field"\s*:\s*"@message"')
_decode = json.JSONDecoder(strict=False).raw_decode


class Damaged(Exception):
    """From here on the text is no JSON, or there is no more of it."""


class LogEvent(NamedTuple):
    """`message` is None for a value that has none. `at_ms`: since 1970; None where it is not told."""

    message: str | None
    at_ms: int | None = None
    stream: str = ""


def is_json_of_events(begins: bytes) -> bool:
    """Whether a text is JSON that may hold events, by how it begins."""
    return _BEGINS.match(begins) is not None and _KEYS.search(begins) is not None


def log_events(content: Pieced) -> Iterator[LogEvent]:
    """All of them, in the text's order. Raises Damaged where it cannot be read on."""
    text = _Text(content)
    try:
        while sign := text.sign():
            if sign == "{":
                yield from _object(text)
            elif sign == "[":
                yield from _list(text, {})
            elif sign == ",":
                text.skip()
            else:
                raise Damaged
    except RecursionError:
        raise Damaged from None


class _Text:
    """JSON up to its end, as much of it at a time as is needed."""

    def __init__(self, content: Pieced) -> None:
        self._content = content
        self._more_text = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._text = ""
        self._at = 0
        self._ended = False

    def sign(self) -> str:
        """The next character that is not blank, which stays; "" at the end."""
        while True:
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches anything
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def skip(self) -> None:
        """Go past that character."""
        self._at += 1

    def whole(self) -> dict[str, Any] | None:
        """The object that begins here, if it is read to its end already."""
        try:
            value, self._at = _decode(self._text, self._at)
        except ValueError:
            return None
        return value  # type: ignore[no-any-return]

    def value(self) -> Any:
        """The value that begins here. Raises Damaged if it does not end."""
        self.sign()
        while True:
            try:
                value, end = _decode(self._text, self._at)
                if end < len(self._text) or self._ended:  # else a number may go on
                    self._at = end
                    return value
            except ValueError:
                if self._ended or len(self._text) - self._at > LONGEST:
                    raise Damaged from None
            self._read_on()

    def _read_on(self) -> bool:
        """Whether there was more. It doubles what is left, so that a long value is not begun too often."""
        if self._ended:
            return False
        left = self._text[self._at :]
        piece = self._content.read(max(CHUNK_BYTES, len(left)))
        self._ended = not piece
        self._text, self._at = left + self._more_text(piece, self._ended), 0
        return True


def _object(text: _Text) -> Iterator[LogEvent]:
    """The events of an object: itself, or those of its list."""
    if (whole := text.whole()) is not None:
        yield from _of(whole, {})
        return
    text.skip()
    fields: dict[str, Any] = {}
    listed = False
    while (sign := text.sign()) != "}":
        if sign == ",":
            text.skip()
            continue
        key = text.value()
        if not isinstance(key, str) or text.sign() != ":":
            raise Damaged
        text.skip()
        if key in _LISTS and text.sign() == "[":
            listed = True
            yield from _list(text, fields)
        else:
            fields[key] = text.value()
    text.skip()
    if not listed:
        yield from _of(fields, {})


def _list(text: _Text, around: Mapping[str, Any]) -> Iterator[LogEvent]:
    """The events of a list; `around` is what was read of the object that has it."""
    text.skip()
    while (sign := text.sign()) != "]":
        if sign == ",":
            text.skip()
        elif sign == "{" and not around:
            yield from _object(text)
        else:
            yield from _of(text.value(), around)
    text.skip()


def _of(value: Any, around: Mapping[str, Any]) -> Iterator[LogEvent]:
    """The events of a value that was read whole."""
    if around.get("messageType", "DATA_MESSAGE") != "DATA_MESSAGE":
        return  # CONTROL_MESSAGE: CloudWatch looks whether somebody is there
    if isinstance(value, list):
        value = {str(each.get("field")): each.get("value") for each in value if isinstance(each, dict)}
    if not isinstance(value, dict):
        yield LogEvent(None)
        return
    lists = [value[name] for name in _LISTS if isinstance(value.get(name), list)]
    for each in lists:
        for one in each:
            yield from _of(one, value)
    if not lists:
        message = value.get("message", value.get("@message"))
        stream = value.get("logStreamName") or value.get("@logStream") or around.get("logStream")
        yield LogEvent(
            message if isinstance(message, str) else None,
            _ms(value.get("timestamp", value.get("@timestamp"))),
            stream if isinstance(stream, str) else "",
        )


def _ms(moment: Any) -> int | None:
    if isinstance(moment, str):
        if moment.isdigit() and len(moment) < 19:
            return int(moment)
        try:
            read = datetime.fromisoformat(moment)
        except ValueError:
            return None
        return round((read if read.tzinfo is not None else read.replace(tzinfo=UTC)).timestamp() * 1000)
    return int(moment) if isinstance(moment, int) else None
