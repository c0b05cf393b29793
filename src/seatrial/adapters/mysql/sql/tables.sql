-- The tables with the storage engine's own estimates of rows and bytes.
SELECT table_name AS name, engine AS engine, table_collation AS collation, table_rows AS rows_estimate,
  data_length AS data_bytes, index_length AS index_bytes
FROM information_schema.TABLES
WHERE table_schema = {database} AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')
ORDER BY table_name
