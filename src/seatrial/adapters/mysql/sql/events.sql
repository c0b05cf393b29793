-- Scheduled events stay behind in an import: their names, not their text.
SELECT event_name AS name, definer AS definer
FROM information_schema.EVENTS
WHERE event_schema = {database}
ORDER BY event_name
