-- Keys: whether each row can be told from the others decides how it is replicated. A part without a column is an expression.
SELECT table_name AS table_name, index_name AS name, non_unique AS non_unique,
  column_name AS column_name, sub_part AS prefix, index_type AS kind
FROM information_schema.STATISTICS
WHERE table_schema = {database}
ORDER BY table_name, index_name, seq_in_index
