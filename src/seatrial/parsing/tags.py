"""The tags an application writes into comments of its statements: where in its code they come from.

Two ways are in use: SQLCommenter's `/*action='show',route='polls%2F%3Cid%3E'*/`, with keys and values URL-encoded
(its specification, version 1.0.0), and `/*application:shop,action:show*/` or `/* key=value */` as of Rails' query logs.
"""

import re
from urllib.parse import unquote

from seatrial.parsing.lexer import comments

PER_REQUEST = frozenset(("traceparent", "tracestate", "request_id", "requestid", "trace_id", "span_id", "session_id"))
"""Keys whose values are others with each statement."""

_PAIR = re.compile(
    r"\s*([A-Za-z_][\w.%-]*)\s*(?:=\s*'((?:[^'\\]|\\.)*)'|[:=]\s*([^\s,;'\"=]+))\s*(?:[,;]|(?=\s)|\Z)", re.DOTALL
)

_END = re.compile(r"\s*\Z")


def tags(sql: bytes) -> dict[str, str]:
    """The tags of a statement, those of its last comments first; a comment that holds anything else has none."""
    found: dict[str, str] = {}
    for comment in comments(sql):
        found |= _pairs(comment.decode(errors="replace"))
    return found


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while _END.match(text, at) is None:
        pair = _PAIR.match(text, at)
        if pair is None:
            return {}
        quoted, bare = pair[2], pair[3]
        value = unquote(quoted.replace("\\'", "'")) if quoted is not None else bare
        found[unquote(pair[1])] = value
        at = pair.end()
    return found


PLACES = frozenset(
    ("action", "app", "application", "controller", "db_driver", "endpoint", "framework", "job", "route", "service")
)
"""Keys whose values say where in the application a statement comes from, and nothing of a user."""

_VALUE_KEPT = 80
_DIGITS = re.compile(r"[0-9]+")


def told(found: dict[str, str]) -> list[str]:
    """Tags as a digest tells them: `action=show`. Of keys that are no PLACES only that they are there; those
    PER_REQUEST not at all. Digits are hidden."""
    return [
        f"{key}={_DIGITS.sub('?', value[:_VALUE_KEPT]) if key.lower() in PLACES else '…'}"
        for key, value in found.items()
        if key.lower() not in PER_REQUEST
    ]
