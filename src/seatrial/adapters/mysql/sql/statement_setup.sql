-- The server's clock, whether it counts statements at all (which consumers and kinds are off), and how many prepared ones.
SELECT UTC_TIMESTAMP(6) AS moment,
  (SELECT GROUP_CONCAT(name ORDER BY name) FROM performance_schema.setup_consumers
    WHERE enabled = 'NO' AND name IN ('global_instrumentation', 'thread_instrumentation', 'statements_digest'))
    AS consumers_off,
  (SELECT COUNT(*) FROM performance_schema.setup_instruments
    WHERE (name LIKE 'statement/sql/%' OR name LIKE 'statement/com/%') AND enabled = 'NO') AS instruments_off,
  (SELECT COUNT(*) FROM performance_schema.setup_instruments
    WHERE (name LIKE 'statement/sql/%' OR name LIKE 'statement/com/%') AND enabled = 'YES' AND timed = 'NO')
    AS instruments_untimed,
  (SELECT COALESCE(SUM(count_star), 0) FROM performance_schema.events_statements_summary_global_by_event_name
    WHERE event_name = 'statement/com/Execute') AS executes
