-- Counts and times of the database's statements by their text without literals; sample texts, which have literals, are not read.
SELECT schema_name, digest, digest_text, count_star, sum_timer_wait, min_timer_wait, max_timer_wait, sum_lock_time,
  sum_errors, sum_warnings, sum_rows_affected, sum_rows_sent, sum_rows_examined, sum_created_tmp_tables,
  sum_created_tmp_disk_tables, sum_select_full_join, sum_select_full_range_join, sum_select_range,
  sum_select_range_check, sum_select_scan, sum_sort_merge_passes, sum_sort_range, sum_sort_rows, sum_sort_scan,
  sum_no_index_used, sum_no_good_index_used, first_seen, last_seen
FROM performance_schema.events_statements_summary_by_digest
WHERE digest IS NULL OR schema_name = {database} OR LOCATE(CONCAT('`', {database}, '`'), digest_text) > 0
