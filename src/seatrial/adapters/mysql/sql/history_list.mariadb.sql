-- Undo that is not purged yet: Vitess waits when it is long.
SELECT variable_value AS length FROM information_schema.GLOBAL_STATUS
WHERE variable_name = 'INNODB_HISTORY_LIST_LENGTH'
