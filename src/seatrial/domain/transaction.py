"""Transactions that stay open: any lock waits for them, and everyone behind the lock (rule S7)."""

from msgspec import Struct

from seatrial.domain.ports import Sql

# innodb_trx tells times in the operating system's zone, whatever the session's is
_OLDEST = (
    "SELECT trx_mysql_thread_id, TIMESTAMPDIFF(SECOND, trx_started, CONVERT_TZ(NOW(), @@session.time_zone, 'SYSTEM')) "
    "FROM information_schema.innodb_trx "
    "WHERE trx_started < CONVERT_TZ(NOW(), @@session.time_zone, 'SYSTEM') - INTERVAL %s SECOND "
    "AND trx_mysql_thread_id NOT IN (0, CONNECTION_ID()) ORDER BY trx_started LIMIT 1"
)


class OpenTransaction(Struct, frozen=True, kw_only=True):
    """A transaction by the connection (the processlist's id) that holds it, and its age."""

    connection: int
    age_s: int


def oldest(sql: Sql, *, older_than_s: int) -> OpenTransaction | None:
    """The oldest open transaction of others on that server, if it is older than this; needs PROCESS."""
    rows = sql.query(_OLDEST, (older_than_s,))
    return OpenTransaction(connection=int(rows[0][0]), age_s=int(rows[0][1])) if rows else None
