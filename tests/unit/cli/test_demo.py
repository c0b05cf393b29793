"""What the demo accepts in advance is what its sample sends."""

import random
from hashlib import blake2b
from typing import Any

from seatrial.cli.demo import ACCEPTED
from seatrial.parsing.lexer import lex, split
from seatrial.sample.office import rollup_report


class _Heard:
    sql = ""

    def read(self, sql: str) -> None:
        self.sql = sql


def test_the_query_classes_that_are_accepted_are_the_samples_own() -> None:
    heard: Any = _Heard()
    nobody: Any = None
    rollup_report(heard, nobody, nobody, random.Random(1))
    moved = "UPDATE customers SET shop_id = 2 WHERE shop_id = 1 AND id = 3"
    fingerprints = [lex(*split(sql.encode())).fingerprint for sql in (heard.sql, moved)]
    ids = {f"QUERY-{blake2b(text.encode(), digest_size=8).hexdigest()}" for text in fingerprints}
    assert ids == {code for code in ACCEPTED if code.startswith("QUERY-")}
