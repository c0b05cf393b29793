"""Vitess through its own tools: vtctldclient's JSON in, domain types out."""
