-- Foreign keys and what they do to child rows: such changes never reach the binary log.
SELECT table_name AS table_name, constraint_name AS name, delete_rule AS on_delete, update_rule AS on_update
FROM information_schema.REFERENTIAL_CONSTRAINTS
WHERE constraint_schema = {database}
ORDER BY table_name, constraint_name
