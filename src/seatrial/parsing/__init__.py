"""Bytes to domain types."""
