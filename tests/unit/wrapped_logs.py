"""Logs in the wrappings in which CloudWatch gives them out, made to order of a log's events."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.unit.slow_logs import BEGAN

CONTROL = json.dumps(
    {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [
            {"id": "", "timestamp": 1, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}
        ],
    }
)


def ms(number: int) -> int:
    return round((BEGAN + timedelta(milliseconds=number)).timestamp() * 1000)


def _stamp(number: int, separator: str, zone: str) -> str:
    at = datetime.fromtimestamp(ms(number) / 1000, UTC)
    return f"{at:%Y-%m-%d}{separator}{at:%H:%M:%S}.{at.microsecond // 1000:03}{zone}"


def pages(messages: Sequence[str], size: int = 3) -> list[list[tuple[int, str]]]:
    numbered = list(enumerate(messages))
    return [numbered[at : at + size] for at in range(0, len(numbered), size)]


def _got(messages: Sequence[str], **how: Any) -> str:
    """As `aws logs get-log-events` prints it: a page, and the next behind it."""
    return "\n".join(
        json.dumps(
            {
                "events": [
                    {"timestamp": ms(number), "message": message, "ingestionTime": ms(number) + 900}
                    for number, message in page
                ],
                "nextForwardToken": "f/1",
                "nextBackwardToken": "b/1",
            },
            **how,
        )
        for page in pages(messages)
    )


def _filtered(messages: Sequence[str], **how: Any) -> str:
    """As `aws logs filter-log-events` prints it."""
    events = [
        {
            "logStreamName": "db1",
            "timestamp": ms(number),
            "message": message,
            "ingestionTime": 1,
            "eventId": str(number),
        }
        for number, message in enumerate(messages)
    ]
    return json.dumps({"events": events, "searchedLogStreams": [], "nextToken": "x"}, **how)


def _subscribed(messages: Sequence[str], **how: Any) -> str:
    """As Firehose puts it into S3: objects with nothing between them, and control messages among them."""
    return CONTROL + CONTROL.join(
        json.dumps(
            {
                "messageType": "DATA_MESSAGE",
                "owner": "123456789012",
                "logGroup": "/aws/rds/instance/db1/slowquery",
                "logStream": "db1",
                "subscriptionFilters": ["all"],
                "logEvents": [{"id": str(number), "timestamp": ms(number), "message": text} for number, text in page],
            },
            **how,
        )
        for page in pages(messages)
    )


def _sorted_keys(messages: Sequence[str], **how: Any) -> str:
    """The same after `jq -S`: the list comes before what is said of it."""
    return _subscribed(messages, sort_keys=True, **how).replace(CONTROL, "")


def _lines(messages: Sequence[str], **how: Any) -> str:
    """An event a line."""
    how.pop("indent", None)
    return "".join(
        json.dumps({"timestamp": str(ms(number)), "message": message}, **how) + "\n"
        for number, message in enumerate(messages)
    )


def _listed(messages: Sequence[str], **how: Any) -> str:
    """As the console of Logs Insights exports it."""
    rows = [
        {"@timestamp": _stamp(number, " ", ""), "@message": message, "@logStream": "db1", "@ptr": "x"}
        for number, message in enumerate(messages)
    ]
    return json.dumps(rows, **how)


def _queried(messages: Sequence[str], **how: Any) -> str:
    """As `aws logs get-query-results` prints it."""
    rows = [
        [
            {"field": "@timestamp", "value": _stamp(number, " ", "")},
            {"field": "@message", "value": message},
            {"field": "@ptr", "value": "x"},
        ]
        for number, message in enumerate(messages)
    ]
    return json.dumps({"results": rows, "statistics": {"recordsMatched": 1.0}, "status": "Complete"}, **how)


def exported(messages: Sequence[str], **_: Any) -> str:
    """As an export task puts it into S3."""
    return "".join(
        f"{_stamp(number, 'T', 'Z')} {message.removesuffix(chr(10))}\n" for number, message in enumerate(messages)
    )


JSON: dict[str, Callable[..., str]] = {
    "get-log-events": _got,
    "filter-log-events": _filtered,
    "subscription": _subscribed,
    "sorted keys": _sorted_keys,
    "lines": _lines,
    "insights list": _listed,
    "insights query": _queried,
}
ALL = JSON | {"export": exported}
