"""MySQL's words, as far as a fingerprint must know them."""

# The reserved words of MySQL 8 and 9 (Reference Manual 9.7, §11.3), without types and functions that are none.
_RESERVED = """
accessible add all alter analyze and as asc asensitive before between bigint binary blob both by call cascade case
change char character check collate column condition constraint continue convert create cross cube cume_dist
current_date current_time current_timestamp current_user cursor database databases day_hour day_microsecond day_minute
day_second dec decimal declare default delayed delete dense_rank desc describe deterministic distinct distinctrow div
double drop dual each else elseif empty enclosed escaped except exists exit explain false fetch first_value float for
force foreign from fulltext function generated get grant group grouping groups having high_priority hour_microsecond
hour_minute hour_second if ignore in index infile inner inout insensitive insert int integer intersect interval into is
iterate join json_table key keys kill lag last_value lateral lead leading leave left like limit linear lines load
localtime localtimestamp lock long longblob longtext loop low_priority match maxvalue mediumblob mediumint mediumtext
middleint minute_microsecond minute_second mod modifies natural not no_write_to_binlog nth_value ntile null numeric of
on optimize option optionally or order out outer outfile over partition percent_rank precision primary procedure purge
range rank read reads real recursive references regexp release rename repeat replace require resignal restrict return
revoke right rlike row rows row_number schema schemas second_microsecond select sensitive separator set show signal
smallint spatial sql sql_big_result sql_calc_found_rows sql_small_result ssl starting stored straight_join table
terminated then tinyblob tinyint tinytext to trailing trigger true undo union unique unlock unsigned update usage use
using utc_date utc_time utc_timestamp values varbinary varchar varying virtual when where while window with write xor
year_month zerofill
"""

# Not reserved, and in statements of applications nearly always meant as words of SQL.
_USUAL = """
against autocommit begin boolean chain commit committed consistent deallocate do duplicate engine escape execute global
handler isolation json level local locked mode names no nowait offset only prepare query quick repeatable rollback
rollup savepoint serializable session share signed skip snapshot some sql_no_cache start tables temporary transaction
truncate uncommitted value variables warnings work
"""

RESERVED = frozenset(_RESERVED.split())

KEYWORDS = frozenset((_RESERVED + _USUAL).split())
"""A value, and its sign, may stand behind any of these."""

_FOLDED_TOO = """
any current day end following full hour microsecond minute month preceding quarter returning second sounds unbounded
week year
"""

FOLDED = KEYWORDS.union(_FOLDED_TOO.split())
"""Written in lower case in a fingerprint. Any other word keeps its case: MySQL's table names may depend on it."""

_BEFORE_PARENTHESIS = """
all and any as between by case distinct div else except exists from having in intersect interval into is join lateral
like not of on or over partition recursive regexp rlike select separator set some table then union using values when
where with xor
"""

BEFORE_PARENTHESIS = frozenset(_BEFORE_PARENTHESIS.split())
"""Keywords that a blank parts from `(`; after any other word it opens a function's arguments."""

_FRACTIONS = "now current_timestamp localtime localtimestamp curtime current_time sysdate utc_time utc_timestamp"

FRACTIONS = frozenset(_FRACTIONS.split())
"""Functions whose number is a precision, which a planner wants as it is."""

_LENGTHS = "char varchar nchar binary varbinary decimal dec numeric float double datetime time year"

LENGTHS = frozenset(_LENGTHS.split())
"""Types whose numbers are lengths, which a planner wants as they are."""

_AFTER_BY = "order limit having for into union with window on rows range lock"

AFTER_BY = frozenset(_AFTER_BY.split())
"""Words that end the list of an ORDER BY or GROUP BY."""
