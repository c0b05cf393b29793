"""The classes of a digest as Parquet: a row a class, the columns of the CSV with their types."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from seatrial.domain.fault import Exit, Fault
from seatrial.stages.digest.export import ExportedClass

_MOMENTS = ("first", "last")


def as_parquet(classes: Sequence[ExportedClass]) -> bytes:
    """A Parquet file: texts, lists of texts, 64-bit integers and floats; moments are timestamps in UTC, to the µs.

    Faults: `digest.no-pyarrow`, `digest.too-large`.
    """
    try:
        import pyarrow  # noqa: PLC0415 – an extra, and it takes its time
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise Fault(
            "digest.no-pyarrow",
            "Parquet is written by pyarrow, which is not installed",
            remedy="pip install 'seatrial[parquet]', or take --format csv",
            exit=Exit.CONFIG,
        ) from None
    types = {
        str: pyarrow.string(),
        int: pyarrow.int64(),
        float: pyarrow.float64(),
        tuple[str, ...]: pyarrow.list_(pyarrow.string()),
    }
    moment = pyarrow.timestamp("us", tz="UTC")
    fields = [
        pyarrow.field(each.name, moment if each.name in _MOMENTS else types[each.type], nullable=each.name in _MOMENTS)
        for each in msgspec.structs.fields(ExportedClass)
    ]
    try:
        table = pyarrow.Table.from_pylist([_row(each) for each in classes], schema=pyarrow.schema(fields))
    except OverflowError:
        raise Fault(
            "digest.too-large",
            "a sum of this digest is larger than Parquet's integers",
            remedy="take --format json or csv; look at the log: no server counts so much",
            exit=Exit.CONFIG,
        ) from None
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(table, sink)
    written: bytes = sink.getvalue().to_pybytes()
    return written


def _row(query: ExportedClass) -> dict[str, Any]:
    row = msgspec.structs.asdict(query)
    return {**row, **{name: datetime.fromisoformat(row[name]) if row[name] else None for name in _MOMENTS}}
