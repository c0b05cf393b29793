-- Who else uses the database now, counted by account; no host and no statement text is asked for.
SELECT user AS account, db AS database_name, command AS command, COUNT(*) AS threads,
  MAX(id = CONNECTION_ID()) AS own
FROM information_schema.PROCESSLIST
GROUP BY user, db, command, id = CONNECTION_ID()
ORDER BY user, db, command
