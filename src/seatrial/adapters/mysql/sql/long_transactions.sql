-- Transactions open for ten seconds or more: they stall locks and the switch. No statement text is asked for.
SELECT t.trx_mysql_thread_id AS thread_id, COALESCE(p.user, '') AS account,
  TIMESTAMPDIFF(SECOND, t.trx_started, CONVERT_TZ(NOW(), @@session.time_zone, 'SYSTEM')) AS open_s,
  t.trx_rows_locked AS rows_locked, t.trx_rows_modified AS rows_modified
FROM information_schema.INNODB_TRX t
LEFT JOIN information_schema.PROCESSLIST p ON p.id = t.trx_mysql_thread_id
WHERE t.trx_mysql_thread_id <> CONNECTION_ID()
  AND t.trx_started <= CONVERT_TZ(NOW(), @@session.time_zone, 'SYSTEM') - INTERVAL 10 SECOND
ORDER BY t.trx_started
