-- Triggers stay behind in an import: their names, not their text.
SELECT trigger_name AS name, event_object_table AS table_name, definer AS definer
FROM information_schema.TRIGGERS
WHERE trigger_schema = {database}
ORDER BY trigger_name
