-- Views stay behind in an import: their names, not their text.
SELECT table_name AS name, definer AS definer
FROM information_schema.VIEWS
WHERE table_schema = {database}
ORDER BY table_name
