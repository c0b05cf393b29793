"""The measures a criterion may name: stages/judge reads them, docs/criteria.md says what each one means."""

from enum import StrEnum


class Measure(StrEnum):
    """Counts are whole numbers; a yes-or-no measure is 1 or 0; other units stand in the name."""

    # what was seen on the source
    BLOCKING_FINDINGS = "blocking_findings"
    UNANSWERED_CHECKS = "unanswered_checks"
    LEFT_BEHIND = "left_behind"
    # what was loaded
    TABLES_NOT_LOADED = "tables_not_loaded"
    ROWS_LOADED = "rows_loaded"
    COPY_SECONDS = "copy_seconds"
    # what was compared
    ROWS_MISMATCHED = "rows_mismatched"
    SAMPLE_MISMATCHED = "sample_mismatched"
    TABLES_DIFFERENT = "tables_different"
    TABLES_UNPROVED = "tables_unproved"
    TABLES_OFF_BALANCE = "tables_off_balance"
    TABLES_PARTLY_COMPARED = "tables_partly_compared"
    VERIFICATION_AGE_HOURS = "verification_age_hours"
    # what the planner makes of the workload
    UNSUPPORTED_PERCENT = "unsupported_percent"
    SCATTER_PERCENT = "scatter_percent"
    SINGLE_SHARD_PERCENT = "single_shard_percent"
    TRANSACTIONS_CROSSING_PERCENT = "transactions_crossing_percent"
    UNPLANNED_PERCENT = "unplanned_percent"
    # what the workload did on a scratch copy
    REPLAYED_TRANSACTIONS = "replayed_transactions"
    STARTING_STATE_APART = "starting_state_apart"
    REPLAY_FAILED_PERCENT = "replay_failed_percent"
    READS_DIFFER_PERCENT = "reads_differ_percent"
    CLASSES_ANSWERED_OTHERWISE = "classes_answered_otherwise"
    REPLAY_LATENESS_P99_MS = "replay_lateness_p99_ms"
    SLOWER_CLASSES = "slower_classes"
    LATENCY_P50_RATIO = "latency_p50_ratio"
    LATENCY_P99_RATIO = "latency_p99_ratio"
    TRIED_FAILED = "tried_failed"
    # what the rehearsed cutover did to the application
    COMMITTED_TRANSACTIONS = "committed_transactions"
    COMMITTED_PER_S = "committed_per_s"
    PAUSE_MS = "pause_ms"
    STALL_P99_MS = "stall_p99_ms"
    STALL_MAX_MS = "stall_max_ms"
    FAILED_PERCENT = "failed_percent"
    HALF_COMMITTED = "half_committed"
    UNKNOWN_OUTCOME = "unknown_outcome"
    # what the rehearsed cutover did to the rows
    ROWS_LOST = "rows_lost"
    ROWS_DOUBLED = "rows_doubled"
    ROWS_SURPLUS = "rows_surplus"
    SEQUENCES_BEHIND = "sequences_behind"
    FLOWED_BACK = "flowed_back"
    EQUAL_AFTER = "equal_after"
    ROUTING_RESTORED = "routing_restored"
