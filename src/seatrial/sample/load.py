"""Fills the sample: rows are made by processes, sent by a few connections, with progress all the way."""

import multiprocessing
import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pymysql
from msgspec import Struct

from seatrial.adapters.mysql.client import Connection, Login, as_fault, driver_arguments
from seatrial.domain.event import Note, Progress, Pulse, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.identifier import quote
from seatrial.sample import rows
from seatrial.sample.setup import DATABASE

DEFAULT_SEED = 2025
SENDERS = 3
_BATCH = 3000  # orders and customers a batch: files of one to three megabytes
_MARK = "sample load"


class Loaded(Struct, frozen=True, kw_only=True):
    """What a load put in. `stored_bytes` is data and index as InnoDB counts them after ANALYZE."""

    scale: float
    seed: int
    rows: int
    sent_bytes: int
    stored_bytes: int
    seconds: float


class _Mark(Struct, frozen=True, kw_only=True):
    """The row in platform_settings that tells a finished load from an interrupted one."""

    state: str
    scale: float
    seed: int


class _File(Struct, frozen=True, kw_only=True):
    table: str
    path: Path
    rows: int
    size_bytes: int


def load(root: Login, *, scale: float, tell: Tell, seed: int = DEFAULT_SEED, replace: bool = False) -> Loaded:
    """Make the shop's database and fill it; scale 1 is about 100 MB. The same seed and scale give the same rows.

    A database that holds anything is refused unless `replace`; what an interrupted load left is always replaced.
    Starts processes, which import the caller's main module: a script calls this under `if __name__ == "__main__"`.
    """
    began = time.monotonic()
    root = msgspec.structs.replace(root, database=None)
    mark = _Mark(state="loading", scale=scale, seed=seed)
    with Connection(root) as connection:
        _clear_the_way(connection, replace, tell)
        make_schema(connection)
        connection.execute("SET GLOBAL local_infile = ON")
        try:
            _write_mark(connection, mark)
            sent_rows, sent_bytes = _fill(msgspec.structs.replace(root, database=DATABASE), scale, seed, tell)
        except BrokenProcessPool:
            raise Fault(
                "sample.load-worker",
                "a process that makes rows was ended from outside, perhaps for want of memory",
                remedy="free some memory, then run the same command again",
                retry=True,
            ) from None
        finally:
            connection.execute("SET GLOBAL local_infile = OFF")
        stored_bytes = _settle(connection, tell)
        _write_mark(connection, msgspec.structs.replace(mark, state="done"))
    return Loaded(
        scale=scale,
        seed=seed,
        rows=sent_rows,
        sent_bytes=sent_bytes,
        stored_bytes=stored_bytes,
        seconds=time.monotonic() - began,
    )


def schema_statements() -> tuple[str, ...]:
    """The DDL of the shop, one statement each."""
    text = files("seatrial.sample").joinpath("schema", "shop.sql").read_text(encoding="utf-8")
    without_comments = re.sub(r"(?m)^--.*\n", "", text)
    return tuple(part.strip() for part in without_comments.split(";\n") if part.strip())


def vschema_folder() -> Path:
    """The folder with the sample's VSchemas, one file a role; `vschema = …` of a trial may name it."""
    return Path(str(files("seatrial.sample").joinpath("vschema")))


def make_schema(connection: Connection) -> None:
    """The database and its tables, as a server has them that knows nothing of sharding."""
    connection.execute(f"CREATE DATABASE {quote(DATABASE)} CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci")
    connection.execute(f"USE {quote(DATABASE)}")
    for statement in schema_statements():
        connection.execute(statement)


def _clear_the_way(connection: Connection, replace: bool, tell: Tell) -> None:
    held = connection.query(
        "SELECT COUNT(*), SUM(table_name = 'platform_settings') FROM information_schema.tables WHERE table_schema = %s",
        (DATABASE,),
    )[0]
    if held[0]:
        mark = _read_mark(connection) if held[1] else None
        if mark is not None and mark.state == "loading":
            tell(Note(text="an earlier load did not come to its end; it is thrown away"))
        elif not replace:
            raise Fault(
                "sample.not-empty",
                f"the database {DATABASE!r} of the sample already holds {held[0]} tables and views",
                remedy="use it as it is, or add --replace to throw its rows away",
                exit=Exit.CONFIG,
            )
    connection.execute(f"DROP DATABASE IF EXISTS {quote(DATABASE)}")


def _read_mark(connection: Connection) -> _Mark | None:
    found = connection.query(f"SELECT value FROM {quote(DATABASE)}.platform_settings WHERE name = %s", (_MARK,))
    return msgspec.json.decode(found[0][0], type=_Mark) if found else None


def _write_mark(connection: Connection, mark: _Mark) -> None:
    connection.execute(
        f"INSERT INTO {quote(DATABASE)}.platform_settings (name, value) VALUES (%s, %s) AS new"
        " ON DUPLICATE KEY UPDATE value = new.value",
        (_MARK, msgspec.json.encode(mark).decode()),
    )


def _fill(login: Login, scale: float, seed: int, tell: Tell) -> tuple[int, int]:
    """Make and send everything; rows and bytes sent."""
    shops = rows.plan(scale, seed)
    total = sum(shop.orders + shop.customers + shop.products for shop in shops)
    senders = threading.local()
    workers = max(1, min(4, os.cpu_count() or 1))
    done_rows = done_bytes = done_items = 0
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="seatrial-load-") as folder,
        ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _serve, (os.getpid(),)) as makers,
        ThreadPoolExecutor(SENDERS) as sending,
    ):
        try:
            shared = _written(rows.shared(), Path(folder) / "shared")
            work: Iterator[tuple[rows.Chunk, ...]] = rows.batches(rows.chunks(shops), _BATCH)
            making: dict[Future[list[_File]], int] = {}
            sent: dict[Future[None], tuple[list[_File], int]] = {
                sending.submit(_send, senders, login, shared): (shared, 0)
            }
            number = 0
            while True:
                while len(making) + len(sent) < 3 * workers and (batch := next(work, None)):
                    number += 1
                    items = sum(c.count or c.shop.customers + c.shop.products for c in batch)
                    making[makers.submit(_make_files, batch, seed, folder, number)] = items
                if not making and not sent:
                    return done_rows, done_bytes
                under_way: list[Future[Any]] = [*making, *sent]
                ready, _ = wait(under_way, timeout=0.25, return_when=FIRST_COMPLETED)
                for future in ready:
                    if future in making:
                        made, items = future.result(), making.pop(future)
                        sent[sending.submit(_send, senders, login, made)] = (made, items)
                    else:
                        future.result()
                        made, items = sent.pop(future)
                        done_items += items
                        done_rows += sum(file.rows for file in made)
                        done_bytes += sum(file.size_bytes for file in made)
                passed = time.monotonic() - began
                left = passed * (total - done_items) / done_items if done_items else None
                tell(
                    Progress(
                        phase="rows",
                        done=done_items,
                        total=total,
                        unit="items",
                        detail=f"{done_rows:,} rows, {done_bytes / 1e6 / passed:.1f} MB/s",
                        left_s=left,
                    )
                )
        finally:
            makers.shutdown(wait=True, cancel_futures=True)
            sending.shutdown(wait=True, cancel_futures=True)


def _serve(parent: int) -> None:
    """A maker's first act: it leaves Ctrl-C, which reaches the whole group, to the parent, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _make_files(batch: tuple[rows.Chunk, ...], seed: int, folder: str, number: int) -> list[_File]:
    """Runs in a process of its own: the batch's rows, in files."""
    made: dict[str, list[rows.Row]] = {}
    for chunk in batch:
        for table, more in rows.make(chunk, seed).items():
            made.setdefault(table, []).extend(more)
    return _written(made, Path(folder) / str(number))


def _written(tables: dict[str, list[rows.Row]], stem: Path) -> list[_File]:
    made = []
    for place, (table, given) in enumerate(tables.items()):
        if given:
            path = stem.with_name(f"{stem.name}-{place}")
            text = rows.text(given)
            path.write_bytes(text)
            made.append(_File(table=table, path=path, rows=len(given), size_bytes=len(text)))
    return made


def _send(senders: threading.local, login: Login, made: list[_File]) -> None:
    """Runs in a sender's thread, on that thread's own connection."""
    try:
        if not hasattr(senders, "connection"):
            senders.connection = pymysql.connect(**driver_arguments(login), local_infile=True, autocommit=True)
        with senders.connection.cursor() as cursor:
            for file in made:
                cursor.execute(rows.load_statement(file.table, quote), (str(file.path),))
                if cursor.rowcount != file.rows or cursor.warning_count:
                    cursor.execute("SHOW WARNINGS LIMIT 1")
                    raise Fault(
                        "sample.load",
                        f"{file.table}: {cursor.rowcount} of {file.rows} rows came in; {cursor.fetchone()}",
                        remedy="this is a defect of the sample's rows; report it with scale and seed",
                    )
                file.path.unlink()
    except pymysql.MySQLError as error:
        raise as_fault(error, login) from error


def _settle(connection: Connection, tell: Tell) -> int:
    """Fresh statistics for every table; the bytes they say."""
    tell(Pulse())
    tables = connection.query(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_type = 'BASE TABLE'",
        (DATABASE,),
    )
    for (table,) in tables:
        tell(Progress(phase="statistics", detail=table))
        connection.query(f"ANALYZE LOCAL TABLE {quote(DATABASE)}.{quote(table)}")
    connection.execute("SET SESSION information_schema_stats_expiry = 0")
    return int(
        connection.query(
            "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = %s", (DATABASE,)
        )[0][0]
    )
