"""The highest rate at which a replay is honest."""
