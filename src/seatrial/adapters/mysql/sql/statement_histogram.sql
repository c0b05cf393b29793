-- How the times of the database's statements are spread (MySQL 8.0.3 and later; not asked of others).
SELECT schema_name, digest, bucket_number, bucket_timer_low, bucket_timer_high, count_bucket
FROM performance_schema.events_statements_histogram_by_digest
WHERE count_bucket > 0 AND (schema_name = {database} OR schema_name IS NULL)
