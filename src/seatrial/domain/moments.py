"""Moments as they stand in artifacts."""

from datetime import UTC, datetime

_FIRST_US, _LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999


def utc(us: int) -> str:
    """A moment as it stands in artifacts: UTC, ISO 8601, to the µs; within the years 1 to 9999."""
    us = min(max(us, _FIRST_US), _LAST_US)
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{us % 1_000_000:06d}Z"
