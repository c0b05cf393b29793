"""The sample's traffic: transactions that become due at a given rate, whether or not the database keeps up."""

import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pymysql
from msgspec import Struct

from seatrial.adapters import process
from seatrial.adapters.mysql.client import Connection, Login, driver_arguments
from seatrial.adapters.process import Identity
from seatrial.domain.event import Progress, Tell, silent
from seatrial.domain.fault import Cancelled, Exit, Fault
from seatrial.sample import truth
from seatrial.sample.kinds import kinds
from seatrial.sample.market import Market, survey
from seatrial.sample.step import GivenUp, Step, now_us
from seatrial.sample.truth import Began, Outcome, Summary, Transaction, Truth

PASSWORD_VARIABLE = "SEATRIAL_SAMPLE_PASSWORD"  # noqa: S105 – the variable's name
DEFAULT_CONNECTIONS = 8
ANSWER_TIMEOUT_S = 60
GRACE_S = 1.0
_START_TIMEOUT_S = 60
_RECENT_S = 3.0


class Order(Struct, frozen=True, kw_only=True):
    """What traffic is asked for. `seconds` None: until told to stop. `awkward`: also what sharded servers mind."""

    login: Login
    rate_per_s: float
    seconds: float | None = None
    connections: int = DEFAULT_CONNECTIONS
    seed: int = 1
    awkward: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.rate_per_s <= 100_000 or not 1 <= self.connections <= 1000:
            raise Fault(
                "sample.traffic",
                f"a rate of {self.rate_per_s:g}/s with {self.connections} connections cannot be run",
                remedy="give a rate above 0 (up to 100000) and 1 to 1000 connections",
                exit=Exit.USAGE,
            )


def run(order: Order, tell: Tell, truth_file: Path | None = None) -> Summary:
    """Run the traffic in this process until its time is over or `tell` says stop, which is its ordinary end.

    Every transaction leaves a line in `truth_file` when it is over. Errors never end it; the clients reconnect.
    """
    with ExitStack() as stack:
        if truth_file is None:
            truth_file = (
                Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="seatrial-truth-"))) / "truth.jsonl"
            )
        with Connection(order.login) as connection:
            market = survey(connection)
        began = Began(
            run=os.urandom(8).hex(),
            seed=order.seed,
            rate_per_s=order.rate_per_s,
            connections=order.connections,
            address=str(order.login),
            began_us=now_us(),
            awkward=order.awkward,
        )
        book = stack.enter_context(_Book(truth_file, began))
        schedule = _Schedule(order)
        clients = [_Client(order.login, market, schedule, book, began) for _ in range(order.connections)]
        for client in clients:
            client.start()
        try:
            while any(client.is_alive() for client in clients):
                book.tell(order, tell)
                time.sleep(0.25)
        except Cancelled:
            pass
        finally:
            schedule.stop()
            _wait_for(clients)
        return truth.summarise(truth.read(truth_file))


def _wait_for(clients: "list[_Client]") -> None:
    """Let transactions that are under way come to their end for a moment; then cut the connections of the others."""
    until = time.monotonic() + GRACE_S
    for client in clients:
        client.join(max(0.0, until - time.monotonic()))
    for client in clients:
        client.cut_off()
    for client in clients:
        client.join(GRACE_S)


class _Schedule:
    """When transactions are due, and what each is: a function of the seed, not of who takes it."""

    def __init__(self, order: Order) -> None:
        self._rate_per_s = order.rate_per_s
        self._seed = order.seed
        self._rng = random.Random(order.seed)
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._number = 0
        self._due_s = time.monotonic()
        self._until_s = self._due_s + order.seconds if order.seconds is not None else None

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()

    def next(self) -> tuple[int, float, random.Random] | None:
        """Wait for the next transaction; its number, when it is due, its own luck. None when there are no more."""
        with self._lock:
            self._number += 1
            self._due_s += self._rng.expovariate(self._rate_per_s)
            number, due_s = self._number, self._due_s
        if self._until_s is not None and max(due_s, time.monotonic()) >= self._until_s:
            return None
        if self._stopped.wait(max(0.0, due_s - time.monotonic())):
            return None
        return number, due_s, random.Random(self._seed * 1_000_003 + number)


class _Book:
    """The truth file while it is written: whole lines only, each by one write."""

    def __init__(self, path: Path, began: Began) -> None:
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise Fault(
                "sample.truth-file",
                f"{path} cannot be written: {error.strerror}",
                remedy="an earlier run's truth is never overwritten; name a new file",
                exit=Exit.CONFIG,
            ) from None
        self._lock = threading.Lock()
        self._outcomes: Counter[Outcome] = Counter()
        self._recent: deque[tuple[float, int]] = deque()
        self._began_s = time.monotonic()
        self._write(began)

    def __enter__(self) -> "_Book":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            os.close(self._file)
            self._file = -1

    def add(self, transaction: Transaction) -> None:
        with self._lock:
            if self._file < 0:
                return
            self._write(transaction)
            self._outcomes[transaction.outcome] += 1
            self._recent.append((time.monotonic(), transaction.response_us))

    def _write(self, entry: Began | Transaction) -> None:
        line = msgspec.json.encode(entry) + b"\n"
        while line:
            line = line[os.write(self._file, line) :]

    def tell(self, order: Order, tell: Tell) -> None:
        """How it goes, over the last few seconds."""
        now = time.monotonic()
        with self._lock:
            while self._recent and self._recent[0][0] < now - _RECENT_S:
                self._recent.popleft()
            waits = sorted(wait for _, wait in self._recent)
            done = self._outcomes.total()
            failed = self._outcomes[Outcome.FAILED] + self._outcomes[Outcome.UNKNOWN]
        passed_s = now - self._began_s
        p99 = f", p99 {truth.percentile(waits, 0.99) / 1000:.0f} ms" if waits else ""
        tell(
            Progress(
                phase="traffic",
                done=done,
                total=round(order.rate_per_s * order.seconds) if order.seconds is not None else None,
                unit="transactions",
                detail=f"{len(waits) / max(0.1, min(_RECENT_S, passed_s)):.1f}/s{p99}, {failed} failed",
                left_s=max(0.0, order.seconds - passed_s) if order.seconds is not None else None,
            )
        )


class _Client(threading.Thread):
    """One connection of the application, and what it does one after another."""

    def __init__(self, login: Login, market: Market, schedule: _Schedule, book: _Book, began: Began) -> None:
        super().__init__(daemon=True)
        self._login = login
        self._market = market
        self._schedule = schedule
        self._book = book
        self._run = began.run
        self._raw: pymysql.Connection[Any] | None = None
        self._cut = False
        self._kinds = kinds(awkward=began.awkward)
        self._weights = [kind.weight for kind in self._kinds]

    def run(self) -> None:
        while (work := self._schedule.next()) is not None:
            number, due_s, luck = work
            self._book.add(self._transact(number, due_s, luck))
        if self._raw is not None:
            self._drop()

    def cut_off(self) -> None:
        """End a transaction that hangs, from another thread: its socket is shut under it."""
        self._cut = True
        under = getattr(self._raw, "_sock", None)
        if self.is_alive() and isinstance(under, socket.socket):
            try:
                under.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it ended by itself

    def _transact(self, number: int, due_s: float, luck: random.Random) -> Transaction:
        kind = luck.choices(self._kinds, self._weights)[0]
        shop = self._market.shops.draw(luck)
        late_us = max(0, round((time.monotonic() - due_s) * 1_000_000))
        started_us, started_ns = now_us(), time.perf_counter_ns()
        step = Step(kind.name, f"{self._run}{number:016x}", shop.id)
        try:
            step.connection = self._connected()
            kind.act(step, shop, self._market, luck)
        except (pymysql.MySQLError, OSError, GivenUp) as error:
            step.end(error)
        else:
            step.end(None)
        connection = _number(step.connection)
        if step.lost:
            self._drop()
        outcome = step.outcome
        if self._cut and outcome is Outcome.FAILED:
            outcome = Outcome.ROLLED_BACK  # the end of the run took its connection; that is no failure of the server
        return Transaction(
            kind=kind.name,
            shop=step.shop,
            token=step.token,
            started_us=started_us,
            ended_us=now_us(),
            latency_us=(time.perf_counter_ns() - started_ns) // 1000,
            late_us=late_us,
            outcome=outcome,
            half=step.half,
            error=step.error,
            connection=connection,
            statements=step.statements,
            reads_before=step.reads_before,
            reads_after=step.reads_after,
        )

    def _connected(self) -> "pymysql.Connection[Any]":
        if self._raw is None:
            self._raw = pymysql.connect(**driver_arguments(self._login), autocommit=True, read_timeout=ANSWER_TIMEOUT_S)
        return self._raw

    def _drop(self) -> None:
        if self._raw is not None:
            try:
                self._raw.close()
            except (pymysql.MySQLError, OSError):
                pass  # it was lost already
            self._raw = None


def _number(connection: "pymysql.Connection[Any] | None") -> int:
    """What the server calls the session."""
    return int(connection.thread_id()) if connection is not None else 0  # type: ignore[no-untyped-call]


class Traffic:
    """Traffic in a process of its own, so that neither disturbs the other's clock. Stop it, or it outlives us."""

    def __init__(self, worker: Identity, truth_file: Path, log: Path) -> None:
        self._worker = worker
        self._log = log
        self.truth_file = truth_file

    @classmethod
    def start(cls, order: Order, truth_file: Path, tell: Tell = silent) -> "Traffic":
        """Start it and wait until its first transactions are through."""
        login = order.login
        if login.socket is not None or login.ca is not None:
            raise ValueError("traffic is started by host and port")
        command = [sys.executable, "-m", "seatrial.cli.main", "sample", "traffic", "--truth", str(truth_file)]
        database = f"/{login.database}" if login.database else ""
        options = {
            "--via": f"mysql://{login.user}@{login.host}:{login.port}{database}?ssl-mode={login.tls}",
            "--rate": order.rate_per_s,
            "--connections": order.connections,
            "--seed": order.seed,
        }
        if order.seconds is not None:
            options["--seconds"] = order.seconds
        if order.awkward:
            command.append("--awkward")
        log = truth_file.with_name(truth_file.name + ".log")
        worker = process.start_daemon(
            [*command, *(str(part) for pair in options.items() for part in pair)],
            log=log,
            env={PASSWORD_VARIABLE: login.password.reveal() if login.password else ""},
        )
        traffic = cls(worker, truth_file, log)
        try:
            process.wait_ready(
                "the traffic", traffic._flows, process=worker, log=log, timeout_s=_START_TIMEOUT_S, tell=tell
            )
        except BaseException:
            process.stop([worker], silent)
            raise
        return traffic

    @property
    def running(self) -> bool:
        return self._worker.alive

    def truth(self) -> Truth:
        """What is known so far."""
        return truth.read(self.truth_file)

    def stop(self, tell: Tell = silent) -> Summary:
        """End it, if it has not ended, and say how it was. The truth file stays."""
        if self._worker.alive:
            process.stop([self._worker], tell)
        return truth.summarise(self.truth())

    def _flows(self) -> bool:
        return self.truth_file.exists() and bool(self.truth().transactions)
