"""Every measure: its nature, and the function that reads it."""

from collections.abc import Callable

from seatrial.domain.measure import Measure
from seatrial.stages.judge import comparing, loading, planning, rehearsing, replaying
from seatrial.stages.judge.case import Case, Nature, Reading

Read = Callable[[Case], Reading]

MEASURES: dict[Measure, tuple[Nature, Read]] = {
    Measure.BLOCKING_FINDINGS: (Nature.OUTCOME, loading.blocking_findings),
    Measure.UNANSWERED_CHECKS: (Nature.COVERAGE, loading.unanswered_checks),
    Measure.LEFT_BEHIND: (Nature.OUTCOME, loading.left_behind),
    Measure.TABLES_NOT_LOADED: (Nature.OUTCOME, loading.tables_not_loaded),
    Measure.ROWS_LOADED: (Nature.COVERAGE, loading.rows_loaded),
    Measure.COPY_SECONDS: (Nature.PERFORMANCE, loading.copy_seconds),
    Measure.ROWS_MISMATCHED: (Nature.OUTCOME, comparing.rows_mismatched),
    Measure.SAMPLE_MISMATCHED: (Nature.OUTCOME, comparing.sample_mismatched),
    Measure.TABLES_DIFFERENT: (Nature.OUTCOME, comparing.tables_different),
    Measure.TABLES_UNPROVED: (Nature.COVERAGE, comparing.tables_unproved),
    Measure.TABLES_OFF_BALANCE: (Nature.OUTCOME, comparing.tables_off_balance),
    Measure.TABLES_PARTLY_COMPARED: (Nature.COVERAGE, comparing.tables_partly_compared),
    Measure.VERIFICATION_AGE_HOURS: (Nature.COVERAGE, comparing.verification_age_hours),
    Measure.UNSUPPORTED_PERCENT: (Nature.OUTCOME, planning.unsupported_percent),
    Measure.SCATTER_PERCENT: (Nature.OUTCOME, planning.scatter_percent),
    Measure.SINGLE_SHARD_PERCENT: (Nature.OUTCOME, planning.single_shard_percent),
    Measure.TRANSACTIONS_CROSSING_PERCENT: (Nature.OUTCOME, planning.transactions_crossing_percent),
    Measure.UNPLANNED_PERCENT: (Nature.COVERAGE, planning.unplanned_percent),
    Measure.REPLAYED_TRANSACTIONS: (Nature.COVERAGE, replaying.replayed_transactions),
    Measure.STARTING_STATE_APART: (Nature.COVERAGE, replaying.starting_state_apart),
    Measure.REPLAY_FAILED_PERCENT: (Nature.OUTCOME, replaying.replay_failed_percent),
    Measure.READS_DIFFER_PERCENT: (Nature.OUTCOME, replaying.reads_differ_percent),
    Measure.CLASSES_ANSWERED_OTHERWISE: (Nature.OUTCOME, replaying.classes_answered_otherwise),
    Measure.REPLAY_LATENESS_P99_MS: (Nature.COVERAGE, replaying.replay_lateness_p99_ms),
    Measure.SLOWER_CLASSES: (Nature.PERFORMANCE, replaying.slower_classes),
    Measure.LATENCY_P50_RATIO: (Nature.PERFORMANCE, replaying.latency_p50_ratio),
    Measure.LATENCY_P99_RATIO: (Nature.PERFORMANCE, replaying.latency_p99_ratio),
    Measure.TRIED_FAILED: (Nature.OUTCOME, replaying.tried_failed),
    Measure.COMMITTED_TRANSACTIONS: (Nature.COVERAGE, rehearsing.committed_transactions),
    Measure.COMMITTED_PER_S: (Nature.PERFORMANCE, rehearsing.committed_per_s),
    Measure.PAUSE_MS: (Nature.PROTOCOL, rehearsing.pause_ms),
    Measure.STALL_P99_MS: (Nature.PERFORMANCE, rehearsing.stall_p99_ms),
    Measure.STALL_MAX_MS: (Nature.PERFORMANCE, rehearsing.stall_max_ms),
    Measure.FAILED_PERCENT: (Nature.OUTCOME, rehearsing.failed_percent),
    Measure.HALF_COMMITTED: (Nature.OUTCOME, rehearsing.half_committed),
    Measure.UNKNOWN_OUTCOME: (Nature.COVERAGE, rehearsing.unknown_outcome),
    Measure.ROWS_LOST: (Nature.OUTCOME, rehearsing.rows_lost),
    Measure.ROWS_DOUBLED: (Nature.OUTCOME, rehearsing.rows_doubled),
    Measure.ROWS_SURPLUS: (Nature.OUTCOME, rehearsing.rows_surplus),
    Measure.SEQUENCES_BEHIND: (Nature.OUTCOME, rehearsing.sequences_behind),
    Measure.FLOWED_BACK: (Nature.OUTCOME, rehearsing.flowed_back),
    Measure.EQUAL_AFTER: (Nature.OUTCOME, rehearsing.equal_after),
    Measure.ROUTING_RESTORED: (Nature.OUTCOME, rehearsing.routing_restored),
}
