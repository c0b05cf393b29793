"""Logs of statements in every form but the one of MySQL 8 and 9, which parsing/slow_log.py reads."""
