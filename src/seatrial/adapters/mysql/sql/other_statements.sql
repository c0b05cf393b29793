-- How many statements of other databases the server counted, as one number; their texts are not read.
SELECT COALESCE(SUM(count_star), 0) AS statements
FROM performance_schema.events_statements_summary_by_digest
WHERE digest IS NOT NULL AND NOT (COALESCE(schema_name, '') = {database}
  OR LOCATE(CONCAT('`', {database}, '`'), COALESCE(digest_text, '')) > 0)
