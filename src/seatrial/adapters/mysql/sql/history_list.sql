-- Undo that is not purged yet: Vitess waits when it is long.
SELECT count AS length FROM information_schema.INNODB_METRICS WHERE name = 'trx_rseg_history_len'
