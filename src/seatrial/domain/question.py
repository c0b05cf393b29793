"""What `collect` and `digest snapshot` ask of a MySQL server, one name a statement: the contract between the stages
and the adapter."""

from enum import StrEnum


class Question(StrEnum):
    """A question and the columns each row of its answer has (lower case; a server may add more)."""

    VERSION = "version"
    VARIABLES = "variables"
    STATUS = "status"
    GRANTS = "grants"
    DATABASE = "database"
    TABLES = "tables"
    COLUMNS = "columns"
    INDEXES = "indexes"
    FOREIGN_KEYS = "foreign_keys"
    FOREIGN_KEY_COLUMNS = "foreign_key_columns"
    PARTITIONS = "partitions"
    VIEWS = "views"
    TRIGGERS = "triggers"
    EVENTS = "events"
    ROUTINES = "routines"
    CREATE_TABLE = "create_table"
    REPLICA_STATUS = "replica_status"
    BINLOGS = "binlogs"
    CONNECTIONS = "connections"
    LONG_TRANSACTIONS = "long_transactions"
    HISTORY_LIST = "history_list"
    SIDECARS = "sidecars"
    STATEMENT_SETUP = "statement_setup"
    OTHER_STATEMENTS = "other_statements"
    STATEMENTS = "statements"
    STATEMENT_HISTOGRAM = "statement_histogram"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns every row of the answer has; () where the server names them itself."""
        return _COLUMNS[self]

    @property
    def per_table(self) -> bool:
        """Whether it is asked once for each table."""
        return self is Question.CREATE_TABLE


SNAPSHOT = (
    Question.VERSION,
    Question.VARIABLES,
    Question.STATUS,
    Question.STATEMENT_SETUP,
    Question.OTHER_STATEMENTS,
    Question.STATEMENTS,
    Question.STATEMENT_HISTOGRAM,
)
"""What `digest snapshot` asks, in its order."""

COLLECTED = tuple(each for each in Question if each not in SNAPSHOT[3:])
"""What `collect` asks."""

REQUIRED = (
    Question.VERSION,
    Question.VARIABLES,
    Question.DATABASE,
    Question.TABLES,
    Question.COLUMNS,
    Question.INDEXES,
)
"""Without an answer to these nothing else makes sense."""

_COLUMNS: dict[Question, tuple[str, ...]] = {
    Question.VERSION: ("version", "version_comment", "account"),
    Question.VARIABLES: ("variable_name", "value"),
    Question.STATUS: ("variable_name", "value"),
    Question.GRANTS: (),
    Question.DATABASE: ("name", "charset", "collation"),
    Question.TABLES: ("name", "engine", "collation", "rows_estimate", "data_bytes", "index_bytes"),
    Question.COLUMNS: (
        "table_name",
        "name",
        "type",
        "data_type",
        "nullable",
        "charset",
        "collation",
        "default_value",
        "extra",
        "generated_as",
    ),
    Question.INDEXES: ("table_name", "name", "non_unique", "column_name", "prefix", "kind"),
    Question.FOREIGN_KEYS: ("table_name", "name", "on_delete", "on_update"),
    Question.FOREIGN_KEY_COLUMNS: (
        "table_name",
        "name",
        "column_name",
        "parent_schema",
        "parent_table",
        "parent_column",
    ),
    Question.PARTITIONS: ("table_name", "method", "submethod", "partitions"),
    Question.VIEWS: ("name", "definer"),
    Question.TRIGGERS: ("name", "table_name", "definer"),
    Question.EVENTS: ("name", "definer"),
    Question.ROUTINES: ("name", "kind", "definer"),
    Question.CREATE_TABLE: ("create table",),
    Question.REPLICA_STATUS: (),
    Question.BINLOGS: ("log_name", "file_size"),
    Question.CONNECTIONS: ("account", "database_name", "command", "threads", "own"),
    Question.LONG_TRANSACTIONS: ("thread_id", "account", "open_s", "rows_locked", "rows_modified"),
    Question.HISTORY_LIST: ("length",),
    Question.SIDECARS: ("name",),
    Question.STATEMENT_SETUP: (
        "moment",
        "consumers_off",
        "instruments_off",
        "instruments_untimed",
        "executes",
    ),
    Question.OTHER_STATEMENTS: ("statements",),
    Question.STATEMENTS: (
        "schema_name",
        "digest",
        "digest_text",
        "count_star",
        "sum_timer_wait",
        "min_timer_wait",
        "max_timer_wait",
        "sum_lock_time",
        "sum_errors",
        "sum_warnings",
        "sum_rows_affected",
        "sum_rows_sent",
        "sum_rows_examined",
        "sum_created_tmp_tables",
        "sum_created_tmp_disk_tables",
        "sum_select_full_join",
        "sum_select_full_range_join",
        "sum_select_range",
        "sum_select_range_check",
        "sum_select_scan",
        "sum_sort_merge_passes",
        "sum_sort_range",
        "sum_sort_rows",
        "sum_sort_scan",
        "sum_no_index_used",
        "sum_no_good_index_used",
        "first_seen",
        "last_seen",
    ),
    Question.STATEMENT_HISTOGRAM: (
        "schema_name",
        "digest",
        "bucket_number",
        "bucket_timer_low",
        "bucket_timer_high",
        "count_bucket",
    ),
}
