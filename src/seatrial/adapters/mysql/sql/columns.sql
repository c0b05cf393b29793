-- Every column's type, character set, default and whether it is generated or invisible.
SELECT table_name AS table_name, column_name AS name, column_type AS type, data_type AS data_type,
  is_nullable AS nullable, character_set_name AS charset, collation_name AS collation,
  column_default AS default_value, extra AS extra, generation_expression AS generated_as
FROM information_schema.COLUMNS
WHERE table_schema = {database}
ORDER BY table_name, ordinal_position
