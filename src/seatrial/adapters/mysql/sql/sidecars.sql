-- Databases of Vitess or of an earlier import on this server.
SELECT schema_name AS name
FROM information_schema.SCHEMATA
WHERE schema_name = '_vt' OR schema_name LIKE '|_vt|_%' ESCAPE '|' OR schema_name LIKE 'ps|_import|_%' ESCAPE '|'
ORDER BY schema_name
