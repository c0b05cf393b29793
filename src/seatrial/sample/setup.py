"""How the sample's MySQL is set up: its options, and the first words it is told."""

from pathlib import Path

from seatrial.domain.identifier import literal
from seatrial.domain.secret import Secret

DATABASE = "shop"
APP = "app"
ROOT = "root"
HOST = "127.0.0.1"

SETTINGS = {
    "bind_address": HOST,
    "mysqlx": "OFF",
    "skip_name_resolve": "ON",
    # Relative to the data folder: an absolute path may be longer than a socket's name can be (107 bytes).
    "socket": "mysqld.sock",
    "pid_file": "mysqld.pid",
    "log_error": "error.log",
    "secure_file_priv": "",
    "gtid_mode": "ON",
    "enforce_gtid_consistency": "ON",
    "log_bin": "binlog",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "binlog_expire_logs_seconds": 7 * 24 * 3600,
    "innodb_buffer_pool_size": "256M",
    "innodb_redo_log_capacity": "256M",
    "max_connections": 200,
    "default_time_zone": "'+00:00'",
    "log_slow_extra": "ON",
    "slow_query_log": "OFF",
    "slow_query_log_file": "slow.log",
}
"""What an ordinary production server has that can be moved: durable, GTID, full row images, a week of binary log."""


def option_text(mysql_root: Path, data: Path, port: int, server_id: int) -> str:
    """The server's option file."""
    own = {"basedir": mysql_root, "datadir": data, "port": port, "server_id": server_id}
    return "[mysqld]\n" + "".join(f"{name} = {value}\n" for name, value in {**own, **SETTINGS}.items())


def first_words(root: Secret, app: Secret) -> str:
    """SQL the server runs before it listens: the accounts and nothing else, kept out of the binary log."""
    for_root, for_app = literal(root.reveal()), literal(app.reveal())
    return f"""SET SESSION sql_log_bin = 0;
ALTER USER '{ROOT}'@'localhost' IDENTIFIED BY {for_root};
CREATE USER IF NOT EXISTS '{ROOT}'@'{HOST}' IDENTIFIED BY {for_root};
ALTER USER '{ROOT}'@'{HOST}' IDENTIFIED BY {for_root};
GRANT ALL ON *.* TO '{ROOT}'@'{HOST}' WITH GRANT OPTION;
CREATE USER IF NOT EXISTS '{APP}'@'{HOST}' IDENTIFIED BY {for_app};
ALTER USER '{APP}'@'{HOST}' IDENTIFIED BY {for_app};
GRANT SELECT, INSERT, UPDATE, DELETE ON `{DATABASE}`.* TO '{APP}'@'{HOST}';
"""
