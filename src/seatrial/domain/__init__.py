"""Frozen types and pure functions: what the words in docs/glossary.md mean. Imports nothing of ours."""
