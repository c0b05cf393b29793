-- Stored procedures and functions stay behind in an import: their names, not their text.
SELECT routine_name AS name, routine_type AS kind, definer AS definer
FROM information_schema.ROUTINES
WHERE routine_schema = {database}
ORDER BY routine_type, routine_name
