-- The columns of each foreign key, and those they point to.
SELECT table_name AS table_name, constraint_name AS name, column_name AS column_name,
  referenced_table_schema AS parent_schema, referenced_table_name AS parent_table,
  referenced_column_name AS parent_column
FROM information_schema.KEY_COLUMN_USAGE
WHERE table_schema = {database} AND referenced_table_name IS NOT NULL
ORDER BY table_name, constraint_name, ordinal_position
