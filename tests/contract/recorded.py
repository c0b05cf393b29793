"""A source that answers from a recording, and the recorder. `python -m tests.contract.recorded` renews it."""

import re
from pathlib import Path
from typing import Any

import msgspec

from seatrial.adapters.mysql.client import Connection
from seatrial.adapters.mysql.source import MySqlSource
from seatrial.domain.ports import Source, Unanswered
from seatrial.domain.question import Question

RECORDING = Path(__file__).with_name("recorded") / "mysql-9.7.json"

Answers = dict[str, Any]
"""Question (`create_table TABLE` for those per table) to its rows, or to the reason it had none."""


class RecordedSource:
    """Answers as a server once did; a question that is not recorded is one the server refused."""

    def __init__(self, answers: Answers, database: str) -> None:
        self.answers = answers
        self._database = database
        self.asked: list[str] = []

    @property
    def database(self) -> str:
        return self._database

    def ask(self, question: Question, *, table: str | None = None) -> list[dict[str, Any]]:
        key = _key(question, table)
        self.asked.append(key)
        answer = self.answers.get(key, "it was not recorded")
        if isinstance(answer, str):
            raise Unanswered(answer)
        return [dict(row) for row in answer]


def recorded(name: str = "mysql-9.7") -> RecordedSource:
    """The recording of the schema in tests/source_schema.sql on MySQL 9.7; or by its name that of another server, which
    has the answers of a snapshot only, was made by hand, and is not renewed."""
    content = msgspec.json.decode(RECORDING.with_stem(name).read_bytes())
    return RecordedSource(content["answers"], content["database"])


def digest_texts() -> dict[str, list[tuple[str, str, bool]]]:
    """By the server's version: statements, what it made of them, and whether they come back as the same class. Recorded
    by hand on 2026-11-25; MariaDB 10.5.23 and 11.8.9 made the same texts as 10.11.18."""
    return msgspec.json.decode(
        RECORDING.with_stem("digest-texts").read_bytes(), type=dict[str, list[tuple[str, str, bool]]]
    )


def record(source: Source) -> Answers:
    """Every answer of a source."""
    answers: Answers = {}
    for question in Question:
        if question.per_table:
            continue
        try:
            answers[question.value] = source.ask(question)
        except Unanswered as unanswered:
            answers[question.value] = unanswered.reason
    for row in answers[Question.TABLES]:
        answers[_key(Question.CREATE_TABLE, row["name"])] = source.ask(Question.CREATE_TABLE, table=row["name"])
    return answers


def _key(question: Question, table: str | None) -> str:
    return f"{question.value} {table}" if table else question.value


def _renew() -> None:
    from tests.source_server import DATABASE, source_server

    with source_server() as server, server.admin() as admin, MySqlSource(server.login()) as source:
        _work(admin)
        answers, folder = record(source), str(server.general_log.parent)
    names = {row["variable_name"]: row["value"] for row in answers[Question.VARIABLES]}
    for row in answers[Question.VARIABLES]:
        value = str(row["value"]).replace(folder, "/var/lib/mysql").replace(names["basedir"], "/usr/")
        row["value"] = re.sub(rf"(^|/){re.escape(names['hostname'])}(?![a-z])", r"\1planted-db-7", value)
    RECORDING.parent.mkdir(exist_ok=True)
    RECORDING.write_text(_written(DATABASE, answers), encoding="utf-8")


def _work(admin: Connection) -> None:
    """Something to count: statements with literals that must not come out, and one that names the database itself."""
    admin.execute("USE `shöp ``q`")
    for number in range(5):
        admin.query(f"SELECT id, email FROM customers WHERE id IN ({number}, 2, 3)")
        admin.query(f"SELECT id FROM `shöp ``q`.customers WHERE email = 'planted_literal_{number}'")


def _written(database: str, answers: Answers) -> str:
    """JSON with one row a line: a renewed recording can be read as a diff."""
    lines = [f'{{"database": {_json(database)}, "answers": {{']
    for number, (key, answer) in enumerate(answers.items()):
        rows = answer if isinstance(answer, list) else None
        body = _json(answer) if rows is None else "[\n" + ",\n".join(_json(row) for row in rows) + "]"
        lines.append(f"{',' if number else ''}{_json(key)}: {body}")
    return "\n".join([*lines, "}}", ""])


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


if __name__ == "__main__":
    _renew()
