"""Runs a recorded workload against a scratch copy, and says what went otherwise than on the source."""
