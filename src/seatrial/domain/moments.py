"""Moments as they stand in artifacts."""

from datetime import UTC, datetime


def utc(us: int) -> str:
    """A moment as it stands in artifacts: UTC, ISO 8601, to the µs."""
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{us % 1_000_000:06d}Z"
