-- Which tables are partitioned, and how.
SELECT table_name AS table_name, partition_method AS method, COALESCE(subpartition_method, '') AS submethod,
  COUNT(*) AS partitions
FROM information_schema.PARTITIONS
WHERE table_schema = {database} AND partition_name IS NOT NULL
GROUP BY table_name, partition_method, subpartition_method
ORDER BY table_name
