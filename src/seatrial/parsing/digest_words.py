"""The words of a server's grammar that are names of columns too, and those that a name must be quoted for.

A name that is such a word stands in a digest text in upper case where it was sent bare, and in backticks where it was
sent so; any other name stands in backticks however it was sent. Which words these are differs by server: found by
sending each to MySQL 5.6.24 and 9.7.4 and to MariaDB 10.5.23, 10.11.18 and 11.8.9.
"""

from functools import cache

from msgspec import Struct

from seatrial.domain.version import version_numbers
from seatrial.parsing.words import KEYWORDS, RESERVED

NEWEST = "9.7.4"
_TRIED = (9, 0, 0)

# Of MySQL 9.7.
_TELLING = """
account action active admin after algorithm always array at attribute auto avg backup begin bit block bool boolean
cache chain channel checksum cipher client close coalesce code collation column_name comment commit compression
concurrent connection contains context cpu current data date datetime day definition description directory disk do
dynamic enable encryption end ends engine engines enum error errors escape event events every exchange exclude execute
expire export extended factor fast faults fields file files filter first fixed format found full general generate
grants handler hash header help histogram history host hosts hour identified import indexes initial instance invisible
io issuer json language last leaves less level list local locked locks log logs manual master medium member memory
merge microsecond migrate minute mode month mutex name names nested never new next no none number offset old one only
open optional options organization others owner page parallel parameters parser partial partitions password path phase
plugin plugins point policy polygon port process processlist profile profiles proxy quarter query quick random rebuild
recover reference registration relay reload remove repair replication reset resource respect restart restore resume
returned_sqlstate returning returns reuse reverse role rollback routine savepoint schedule schema_name second
secondary security serial server session share shutdown signed simple skip slave slow snapshot socket some source
start starts status stop storage stream string subject super suspend swaps switches table_name tables tablespace
temporary text ties time timestamp transaction triggers truncate type types undefined unicode unknown until upgrade
uri url user validate validation value variables view visible wait warnings week work wrapper xml year zone
"""

# No words yet in MySQL 5.6; in between it is not known since when.
_SINCE_5_6 = """
account active admin always array attribute auto channel compression definition description encryption exclude factor
files filter generate header histogram history initial instance invisible json locked log manual member nested never
old optional organization others parallel parameters path policy random reference registration resource respect
restart returning reuse role secondary skip stream ties uri url validate validation visible zone
"""

# No words in one of the versions of MariaDB, or reserved.
_NOT_MARIADB = """
active array attribute channel compression definition description encryption factor files filter generate header
histogram host initial instance locked log manual member nested new offset old optional organization owner parallel
parameters path point policy polygon random reference registration resource respect returning secondary skip socket
stream types uri url validate validation zone
"""

_MARIADB_ONLY = """
authors body cycle examined exception hard id immediate increment monitor mysql online package period persistent
previous raw rowcount sequence soft stage statement threads via within
"""

_RESERVED_SINCE_5_7 = "generated stored virtual"

_RESERVED_SINCE_8 = """
cube cume_dist dense_rank empty except first_value function grouping groups intersect json_table lag last_value lateral
lead nth_value ntile of over percent_rank rank recursive row row_number rows system window
"""

_MARIADB_RESERVES_NOT = """
cube cume_dist dense_rank empty first_value function generated get grouping groups json_table lag last_value lateral
lead nth_value ntile of option percent_rank rank row row_number stored virtual window
"""


class Words(Struct, frozen=True):
    """`telling`: not reserved, and in upper case unless sent in backticks. `quoted`: in backticks only if sent so;
    `reserved`: and even behind a dot."""

    telling: frozenset[str]
    quoted: frozenset[str]
    reserved: frozenset[str]


@cache
def words_of(server: str) -> Words:
    """Those of a server, by its version as it says it."""
    if "mariadb" in server.lower():
        telling = _all(_TELLING) - _all(_NOT_MARIADB) | _all(_MARIADB_ONLY)
        reserved = RESERVED - _all(_MARIADB_RESERVES_NOT) | {"offset", "returning"}
        return _words(telling, reserved)
    version = version_numbers(server)
    telling = _all(_TELLING) if version >= _TRIED else _all(_TELLING) - _all(_SINCE_5_6)
    reserved = RESERVED | {"system"}
    if version < (8, 0, 0):
        reserved -= _all(_RESERVED_SINCE_8)
    if version < (5, 7, 0):
        reserved -= _all(_RESERVED_SINCE_5_7)
    return _words(telling, reserved)


def _words(telling: frozenset[str], reserved: frozenset[str]) -> Words:
    telling -= reserved
    return Words(telling=telling, quoted=telling | reserved | (KEYWORDS - RESERVED), reserved=reserved)


def _all(words: str) -> frozenset[str]:
    return frozenset(words.split())
