"""pt-query-digest's fingerprints and checksums, as it made them; that no literal is in what is hashed."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seatrial.parsing import pt_fingerprint as module
from seatrial.parsing.lexer import BROKEN, HOLE, split
from seatrial.parsing.pt_fingerprint import pt_checksum, pt_fingerprint
from tests.unit.slow_logs import BANNER, event, log
from tests.unit.stages.test_digest_secrets import PLANTED, found_and_kept, no_secret_in

TOOL = "pt-query-digest"

# recorded from Percona Toolkit 3.2.1
RECORDED = [
    ("SELECT c FROM sbtest1 WHERE id=123", "select c from sbtest? where id=?"),
    (
        "SELECT * FROM users_2009 WHERE Name = 'O''Hara' AND age > -5.5e-3",
        "select * from users_? where name = ?? and age > ?",
    ),
    (
        "select a from t where b = \"x\" and c = 'it\\'s' and d = x'4142' and e = 0xab",
        "select a from t where b = ? and c = ? and d = ? and e = ?",
    ),
    ("SELECT 2E10, 0b01, N'a', _utf8mb4'b', DATE '2026-11-20'", "select ?e?, ?, n?, _utf?m??, date ?"),
    ("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y'), (3, NULL)", "insert into t (a, b) values(?+)"),
    (
        "INSERT IGNORE INTO t VALUES\n(1, 'x'),\n(2, 'y')\nON DUPLICATE KEY UPDATE a = 1",
        "insert ignore into t values(?+)",
    ),
    ("REPLACE INTO t (a) VALUE (1)", "replace into t (a) value(?+)"),
    (
        "insert into t (a) values (1) on duplicate key update b = values(b) + 1",
        "insert into t (a) values(?+) on duplicate key update b = values(b) ? ?",
    ),
    ("SELECT a FROM t WHERE b IN (1, 2, 3) AND c IN ('x')", "select a from t where b in(?+) and c in(?+)"),
    (
        "SELECT a FROM t WHERE b IN (SELECT b FROM u WHERE c = 5)",
        "select a from t where b in (select b from u where c = ?)",
    ),
    ("SELECT a FROM t LIMIT 10", "select a from t limit ?"),
    ("SELECT a FROM t LIMIT 10, 20", "select a from t limit ?"),
    ("SELECT a FROM t LIMIT 10 OFFSET 20", "select a from t limit ?"),
    ("SELECT a FROM t ORDER BY a ASC, b DESC, c asc", "select a from t order by a, b desc, c"),
    ("SELECT a FROM t WHERE b IS NULL OR c = TRUE OR d <> false", "select a from t where b is ? or c = ? or d <> ?"),
    ("select a from t where b = 1 union select a from t where b = 2", "select a from t where b = ? /*repeat union*/"),
    ("SELECT a FROM t UNION ALL SELECT a FROM t UNION ALL SELECT a FROM t", "select a from t /*repeat union all*/"),
    ("SELECT /* by app */ a FROM t -- at the end", "select a from t "),
    ("SELECT a FROM t # at the end", "select a from t "),
    ("/* app=web */ SELECT\n\ta\nFROM\n\tt /* trace=1 */", "select a from t "),
    ("SELECT /*!40001 SQL_NO_CACHE */ * FROM `t`", "mysqldump"),
    ("UPDATE `库存` SET `数量` = `数量` - 1 WHERE id = 5", "update `库存` set `数量` = `数量` ? ? where id = ?"),
    ("CALL pay(1, 'x')", "call pay"),
    ("call shop.Pay ('a')", "call shop.pay (?)"),
    ("USE shop", "use ?"),
    ("SET NAMES utf8mb4", "set names utf?m?"),
    ("BEGIN", "begin"),
    ("COMMIT", "commit"),
    ("DELETE FROM t1 WHERE a BETWEEN '2026-01-01' AND '2026-02-01'", "delete from t? where a between ? and ?"),
    ("CREATE TABLE t2 (id INT(11) NOT NULL DEFAULT 0)", "create table t? (id int(?) not ? default ?)"),
]


def checksum(sql: str | bytes) -> str:
    return pt_checksum(*split(sql if isinstance(sql, bytes) else sql.encode()))


def hashed(fingerprint: bytes) -> str:
    return hashlib.md5(fingerprint, usedforsecurity=False).hexdigest().upper()


@pytest.mark.parametrize(("sql", "fingerprint"), RECORDED)
def test_the_fingerprint_is_the_recorded_one_and_the_checksum_is_its(sql: str, fingerprint: str) -> None:
    assert pt_fingerprint(sql.encode()).decode() == fingerprint
    assert checksum(sql) == hashed(fingerprint.encode())


def test_the_checksum_is_written_as_pt_query_digest_writes_it() -> None:
    assert checksum("COMMIT") == "FFFCA4D67EA0A788813031B8BBC3B329"
    assert checksum("SELECT c FROM sbtest1 WHERE id=5") == "E81D0B3DB4FB31BC558CAEF5F387E929"


@pytest.mark.skipif(shutil.which(TOOL) is None, reason=f"{TOOL} is not installed")
def test_the_tool_itself_has_the_same_checksums(tmp_path: Path) -> None:
    (tmp_path / "slow.log").write_bytes(log(*(sql for sql, _ in RECORDED if not sql.startswith("USE "))))
    command = [TOOL, "--no-version-check", "--output", "json", "--limit", "100%", str(tmp_path / "slow.log")]
    ran = subprocess.run(command, capture_output=True, check=True, stdin=subprocess.DEVNULL)
    theirs = {each["checksum"] for each in json.loads(ran.stdout)["classes"]}
    assert theirs == {checksum(sql) for sql, _ in RECORDED if not sql.startswith("USE ")}


def test_an_administrator_command_is_its_own_fingerprint() -> None:
    assert pt_fingerprint(b"administrator command: Quit") == b"administrator command: Quit"


def test_a_comment_of_the_toolkits_own_tools_is_known() -> None:
    assert pt_fingerprint(b"SELECT /*shop.orders:1/8*/ a FROM t") == b"percona-toolkit"


def test_a_quote_that_does_not_end_has_no_checksum() -> None:
    assert checksum("SELECT a FROM t WHERE b = 'x") == ""
    assert pt_checksum(b"SELECT " + HOLE + BROKEN, [b"'x"]) == ""


@pytest.mark.parametrize("sql", PLANTED)
def test_no_literal_is_in_what_is_hashed(sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even where pt-query-digest itself leaves it in."""
    asked: list[bytes] = []

    def overheard(text: bytes) -> bytes:
        asked.append(text)
        return pt_fingerprint(text)

    monkeypatch.setattr(module, "pt_fingerprint", overheard)
    digest, _ = found_and_kept(BANNER + event("COMMIT", use="shop") + event(sql))
    assert asked and all(map(no_secret_in, asked)) and no_secret_in(digest)


_LITERALS = st.one_of(
    st.integers(0, 10**12).map(str),
    st.text(alphabet="ab '\"\\\\\n-#/*();,ASC", max_size=12).map(
        lambda text: "'" + text.replace("\\", "").replace("'", "") + "'"
    ),
    st.binary(min_size=1, max_size=6).map(lambda content: "0x" + content.hex().upper()),
    st.binary(min_size=1, max_size=6).map(lambda content: f"x'{content.hex()}'"),
)


@given(_LITERALS, _LITERALS)
@example("'-- x'", "'a\n# b'")
@example("'x),(y'", "0xABCDEF")
def test_the_checksum_is_the_same_for_all_values(one: str, other: str) -> None:
    form = "SELECT a FROM t WHERE b = {} AND c IN ({}, 5) ORDER BY a ASC LIMIT 5"
    assert checksum(form.format(one, other)) == checksum(form.format("1", "'x'"))


@given(st.binary(max_size=200))
def test_any_bytes_have_a_fingerprint(sql: bytes) -> None:
    pt_fingerprint(sql)
    assert len(checksum(sql)) in (0, 32)


@pytest.mark.parametrize(
    "text", ["/*a" * 100_000, "#" * 300_000 + "'", "INSERT INTO t VALUES(" * 20_000, "select a union " * 20_000 + "x"]
)
def test_a_long_text_of_any_form_takes_no_time(text: str) -> None:
    pt_fingerprint(text.encode())
