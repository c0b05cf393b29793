"""MySQL by its own protocol: connections, the statements `collect` sends, errors as faults."""
