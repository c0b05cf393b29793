"""Slow logs as servers other than MySQL 8 and 9 write them, made to order: an event each, and a whole log of some."""

BANNER_50 = (
    b"/usr/sbin/mysqld, Version: 5.0.96-log (Source distribution). started with:\n"
    b"Tcp port: 3306  Unix socket: /var/run/mysqld/mysqld.sock\n"
    b"Time                 Id Command    Argument\n"
)
BANNER_PERCONA = BANNER_50.replace(b"5.0.96-log (Source distribution)", b"8.0.36-28 (Percona Server (GPL), Release 28)")
BANNER_MARIADB = BANNER_50.replace(b"5.0.96-log (Source distribution)", b"10.11.6-MariaDB-log (MariaDB Server)")

MYSQL_50 = (
    BANNER_50
    + b"# Time: 261120  8:50:00\n"
    + b"# User@Host: app[app] @ web1 [10.0.0.7]\n"
    + b"# Query_time: 2  Lock_time: 1  Rows_sent: 1  Rows_examined: 30\n"
    + b"use shop;\n"
    + b"SELECT a FROM t WHERE id = 7;\n"
    + b"# User@Host: app[app] @ web1 [10.0.0.7]\n"
    + b"# Query_time: 3  Lock_time: 0  Rows_sent: 0  Rows_examined: 0\n"
    + b"UPDATE t SET a = 'x;\ny'\nWHERE id = 7;\n"
    + b"# Time: 261120  8:50:09\n"
    + b"# User@Host: [SQL_SLAVE] @  []\n"
    + b"# Query_time: 1  Lock_time: 0  Rows_sent: 0  Rows_examined: 0\n"
    + b"# administrator command: Quit;\n"
)
MYSQL_56 = (
    b"# Time: 261120  8:50:00\n"
    b"# User@Host: app[app] @ web1 [10.0.0.7]  Id:    42\n"
    b"# Query_time: 0.000250  Lock_time: 0.000040 Rows_sent: 2  Rows_examined: 9\n"
    b"use shop;\n"
    b"SET last_insert_id=8,insert_id=9,timestamp=1795164600;\n"
    b"SELECT a FROM t WHERE id IN (1, 2);\n"
    b"# User@Host: app[app] @ web1 [10.0.0.7]  Id:    43\n"
    b"# Query_time: 0.000150  Lock_time: 0.000010 Rows_sent: 0  Rows_examined: 0\n"
    b"SET timestamp=1795164601;\n"
    b"COMMIT;\n"
)
PERCONA = BANNER_PERCONA + b"".join(
    b"# Time: 2026-11-20T08:50:0%d.000100Z\n" % second
    + b"# User@Host: app[app] @ web1 [10.0.0.7]  Id:    42\n"
    + b"# Schema: shop  Last_errno: %d  Killed: 0\n" % (1062 * second)
    + b"# Query_time: 0.000250  Lock_time: 0.000040  Rows_sent: 2  Rows_examined: 9  Rows_affected: 3  Bytes_sent: 71\n"
    + b"# Tmp_tables: 2  Tmp_disk_tables: 1  Tmp_table_sizes: 16384\n"
    + b"# InnoDB_trx_id: 1A88583F\n"
    + b"# Full_scan: Yes  Full_join: No  Tmp_table: Yes  Tmp_table_on_disk: Yes\n"
    + b"# Filesort: No  Filesort_on_disk: No  Merge_passes: 0\n"
    + b"#   InnoDB_IO_r_ops: 0  InnoDB_IO_r_bytes: 0  InnoDB_IO_r_wait: 0.000000\n"
    + b"# No InnoDB statistics available for this query\n"
    + b"# Log_slow_rate_type: query  Log_slow_rate_limit: 10\n"
    + b"SET timestamp=1795164600;\n"
    + b"INSERT INTO t (a) SELECT a FROM u WHERE b = 7;\n"
    for second in (0, 1)
)
MARIADB = (
    BANNER_MARIADB
    + b"# Time: 261120  8:50:00\n"
    + b"# User@Host: app[app] @ localhost []\n"
    + b"# Thread_id: 8  Schema:   QC_hit: No\n"
    + b"# Query_time: 0.000212  Lock_time: 0.000080  Rows_sent: 1  Rows_examined: 1\n"
    + b"# Rows_affected: 4  Bytes_sent: 57\n"
    + b"# Full_scan: Yes  Full_join: No  Tmp_table: No  Tmp_table_on_disk: No\n"
    + b"#\n"
    + b"# explain: id\tselect_type\ttable\ttype\tpossible_keys\tkey\tkey_len\tref\trows\tr_rows\tExtra\n"
    + b"# explain: 1\tSIMPLE\tt\tALL\tNULL\tNULL\tNULL\tNULL\t1\t1.00\tUsing where\n"
    + b"#\n"
    + b"SET timestamp=1795164600;\n"
    + b"SELECT a FROM shop.t WHERE b = 1;\n"
    + b"# User@Host: app[app] @ localhost []\n"
    + b"# Thread_id: 8  Schema: shop  QC_hit: No\n"
    + b"# Query_time: 0.000112  Lock_time: 0.000020  Rows_sent: 0  Rows_examined: 0\n"
    + b"# Rows_affected: 0  Bytes_sent: 11\n"
    + b"use shop;\n"
    + b"SET timestamp=1795164603;\n"
    + b"SET NAMES utf8mb4;\n"
)
MARIADB_11_8 = (
    b"/usr/sbin/mariadbd, Version: 11.8.9-MariaDB-4 from Debian-log (-- Please help get to 10k stars). started with:\n"
    b"Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock\n"
    b"Time\t\t    Id Command\tArgument\n"
    b"# User@Host: app[app] @  [127.0.0.1]\n"
    b"# Thread_id: 17  Schema: shop  QC_hit: No\n"
    b"# Query_time: 0.000295  Lock_time: 0.000261  Rows_sent: 0  Rows_examined: 0\n"
    b"# Rows_affected: 0  Bytes_sent: 50\n"
    b"# Pages_accessed: 2  Pages_read: 0  Pages_prefetched: 0  Pages_updated: 0  Old_rows_read: 0\n"
    b"# Pages_read_time: 0.0000  Engine_time: 0.0000\n"
    b"#\n"
    b"# explain: id\tselect_type\ttable\ttype\tpossible_keys\tkey\tkey_len\tref\trows\tr_rows\tExtra\n"
    b"# explain: 1\tINSERT\torder_lines\tALL\tNULL\tNULL\tNULL\tNULL\tNULL\tNULL\tNULL\n"
    b"#\n"
    b"# Warnings\n"
    b"# Warning 1062 Duplicate entry 'Query_time: 9' for key 'PRIMARY'\n"
    b"# Warning 1292 Truncated incorrect DOUBLE value: 'a\n"
    b"b'\n"
    b"use `shop`;\n"
    b"SET timestamp=1795164600;\n"
    b"insert ignore into order_lines values (1, 1, 'A', 2, 3.50);\n"
    b"# User@Host: app[app] @  [127.0.0.1]\n"
    b"# Thread_id: 17  Schema: shop  QC_hit: No\n"
    b"# Query_time: 0.000100  Lock_time: 0.000000  Rows_sent: 0  Rows_examined: 0\n"
    b"# Rows_affected: 0  Bytes_sent: 47\n"
    b"SET timestamp=1795164601;\n"
    b"COMMIT;\n"
)
"""As MariaDB 11.8.9 wrote it with log_slow_verbosity = 'full'; made shorter."""

ALL = {"mysql-5.0": MYSQL_50, "mysql-5.6": MYSQL_56, "percona": PERCONA, "mariadb": MARIADB}
