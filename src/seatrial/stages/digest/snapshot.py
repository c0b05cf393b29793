"""Takes a snapshot of performance_schema's statement digests: metadata only, and no text with a literal in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from seatrial.domain.event import Progress, Tell
from seatrial.domain.fault import Exit, Fault
from seatrial.domain.ports import Source, Unanswered
from seatrial.domain.question import Question
from seatrial.domain.statements import Bucket, Snapshot, StatementCount
from seatrial.domain.version import version_numbers
from seatrial.parsing.digest_length import is_full, longest_name
from seatrial.parsing.digest_text import CUT_OFF, cleaned, is_cut

HISTOGRAMS_SINCE = (8, 0, 3)

Rows = list[dict[str, Any]]


def snapshot(source: Source, tell: Tell) -> Snapshot:
    """What the server has counted of its database's statements until now.

    Faults: `digest.no-performance-schema`, `digest.no-statement-digests`, `digest.missing-grant`, `digest.no-answer`,
    and those of the connection.
    """
    version = str(_rows(source, Question.VERSION, tell)[0]["version"])
    variables = _named(_rows(source, Question.VARIABLES, tell))
    _insist_on_digests(variables)
    status = _named(_rows(source, Question.STATUS, tell))
    setup = _rows(source, Question.STATEMENT_SETUP, tell)[0]
    _insist_on_consumers(str(setup["consumers_off"] or ""))
    others = _rows(source, Question.OTHER_STATEMENTS, tell)[0]["statements"]
    counted = _whole(_rows(source, Question.STATEMENTS, tell), _room(variables))
    histogram, lacking = _histogram(source, version, tell)
    shapes: dict[tuple[str | None, str], list[tuple[int, int]]] = {}
    for row in histogram:
        place = (row["schema_name"], str(row["digest"]))
        shapes.setdefault(place, []).append((row["bucket_number"], row["count_bucket"]))
    buckets = {row["bucket_number"]: (row["bucket_timer_low"], row["bucket_timer_high"]) for row in histogram}
    return Snapshot(
        server=version,
        server_uuid=variables.get("server_uuid") or variables.get("server_uid", ""),
        moment=_utc(setup["moment"]),
        uptime_s=int(status.get("uptime", 0)),
        database=source.database,
        digests_size=int(variables.get("performance_schema_digests_size", 0)),
        others=int(others),
        beyond=sum(row["count_star"] for row in counted if row["digest"] is None),
        no_histogram=lacking,
        instruments_off=int(setup["instruments_off"]),
        instruments_untimed=int(setup["instruments_untimed"]),
        executes=int(setup["executes"]),
        buckets=tuple(Bucket(number, *bounds) for number, bounds in sorted(buckets.items())),
        statements=tuple(
            _counted(row, tuple(sorted(shapes.get((row["schema_name"], str(row["digest"])), ()))))
            for row in sorted(counted, key=lambda row: (row["schema_name"] or "", str(row["digest"])))
            if row["digest"] is not None
        ),
    )


def _rows(source: Source, question: Question, tell: Tell) -> Rows:
    tell(Progress(phase="reading the source", detail=question.value.replace("_", " ")))
    try:
        return source.ask(question)
    except Unanswered as unanswered:
        if "privilege" in unanswered.reason:
            raise Fault(
                "digest.missing-grant",
                f"{unanswered.reason} ({question.value.replace('_', ' ')})",
                remedy="GRANT SELECT ON `performance_schema`.* TO it; or use another account",
                exit=Exit.CONFIG,
            ) from unanswered
        raise Fault(
            "digest.no-answer",
            f"the source did not answer the question about {question.value.replace('_', ' ')}: {unanswered.reason}",
            remedy="run it again; should it stay so, digest a log: seatrial slow-log says how to have one written",
            retry=True,
        ) from unanswered


def _named(rows: Rows) -> dict[str, str]:
    return {str(row["variable_name"]).lower(): str(row["value"]) for row in rows}


def _room(variables: Mapping[str, str]) -> int:
    """The bytes that the server keeps of a statement; 0 if it does not say."""
    lengths = (variables.get(f"{whose}max_digest_length", "") for whose in ("", "performance_schema_"))
    return min((int(length) for length in lengths if length.isdigit()), default=0)


def _whole(rows: Rows, room: int) -> Rows:
    """The rows, a text marked whose end found no room."""
    texts = [str(row["digest_text"] or "").strip() for row in rows]
    longest = longest_name(texts)
    return [
        row | {"digest_text": f"{text} {CUT_OFF}"} if is_full(text, room, longest) and not is_cut(text) else row
        for row, text in zip(rows, texts, strict=True)
    ]


def _insist_on_digests(variables: Mapping[str, str]) -> None:
    if variables.get("performance_schema", "OFF").upper() not in ("ON", "1"):
        raise Fault(
            "digest.no-performance-schema",
            "performance_schema is off on the source: it counts no statements",
            remedy="set performance_schema = ON (a managed service: in its parameter group) and restart the server, or "
            "digest a log: seatrial slow-log",
            exit=Exit.CONFIG,
        )
    if variables.get("performance_schema_digests_size", "0") == "0":
        raise Fault(
            "digest.no-statement-digests",
            "performance_schema_digests_size is 0 on the source: it keeps no statement digests",
            remedy="set performance_schema_digests_size = 10000 and restart the server, or digest a log: "
            "seatrial slow-log",
            exit=Exit.CONFIG,
        )


def _insist_on_consumers(off: str) -> None:
    if off:
        names = ", ".join(f"'{name}'" for name in off.split(","))
        raise Fault(
            "digest.no-statement-digests",
            f"the source counts no statements: consumers of performance_schema that are off: {off}",
            remedy="as the server's owner: UPDATE performance_schema.setup_consumers SET enabled = 'YES' WHERE name IN "
            f"({names}); then take the first snapshot anew",
            exit=Exit.CONFIG,
        )


def _histogram(source: Source, version: str, tell: Tell) -> tuple[Sequence[dict[str, Any]], str]:
    """The histograms' rows, and why there are none."""
    if "mariadb" in version.lower() or version_numbers(version) < HISTOGRAMS_SINCE:
        return (), "the server keeps none"
    tell(Progress(phase="reading the source", detail="statement histogram"))
    try:
        return source.ask(Question.STATEMENT_HISTOGRAM), ""
    except Unanswered as unanswered:
        return (), unanswered.reason


def _counted(row: Mapping[str, Any], histogram: tuple[tuple[int, int], ...]) -> StatementCount:
    return StatementCount(
        schema=row["schema_name"],
        digest=str(row["digest"]),
        text=cleaned(str(row["digest_text"] or "")),
        count=row["count_star"],
        time_ps=row["sum_timer_wait"],
        min_ps=row["min_timer_wait"],
        max_ps=row["max_timer_wait"],
        lock_ps=row["sum_lock_time"],
        errors=row["sum_errors"],
        warnings=row["sum_warnings"],
        rows_affected=row["sum_rows_affected"],
        rows_sent=row["sum_rows_sent"],
        rows_examined=row["sum_rows_examined"],
        tmp_tables=row["sum_created_tmp_tables"],
        tmp_disk_tables=row["sum_created_tmp_disk_tables"],
        select_full_join=row["sum_select_full_join"],
        select_full_range_join=row["sum_select_full_range_join"],
        select_range=row["sum_select_range"],
        select_range_check=row["sum_select_range_check"],
        select_scan=row["sum_select_scan"],
        sort_merge_passes=row["sum_sort_merge_passes"],
        sort_range=row["sum_sort_range"],
        sort_rows=row["sum_sort_rows"],
        sort_scan=row["sum_sort_scan"],
        no_index_used=row["sum_no_index_used"],
        no_good_index_used=row["sum_no_good_index_used"],
        first_seen=_utc(row["first_seen"]),
        last_seen=_utc(row["last_seen"]),
        p95_ps=row.get("quantile_95"),
        p99_ps=row.get("quantile_99"),
        p999_ps=row.get("quantile_999"),
        histogram=histogram,
    )


def _utc(moment: object) -> str:
    """As moments stand in artifacts; the session's time zone is UTC."""
    text = str(moment or "")
    if not text or text.startswith("0000"):
        return ""
    whole, _, fraction = text.replace(" ", "T").partition(".")
    return f"{whole}.{fraction:0<6}Z"
