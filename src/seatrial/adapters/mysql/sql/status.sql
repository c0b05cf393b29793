-- Counters, read twice some seconds apart to become rates.
SHOW GLOBAL STATUS
