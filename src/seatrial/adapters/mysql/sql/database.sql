-- That the database exists, and its default character set.
SELECT schema_name AS name, default_character_set_name AS charset, default_collation_name AS collation
FROM information_schema.SCHEMATA
WHERE schema_name = {database}
