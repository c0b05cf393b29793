"""What is packed is read as if it were not; what is damaged is read as far as it goes, and said."""

import bz2
import gzip
import io
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from seatrial.parsing.logs.compressed import Unpacked

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,  # as the program zstd does
}
TEXT = b"".join(b"line %d of a log\n" % number for number in range(20_000))


def whole(unpacked: Unpacked, size: int = 1 << 16) -> bytes:
    return b"".join(iter(lambda: unpacked.read(size), b""))


@pytest.mark.parametrize("packing", PACK)
def test_it_is_unpacked(packing: str) -> None:
    unpacked = Unpacked(io.BytesIO(PACK[packing](TEXT)))
    assert (unpacked.packing, unpacked.peek(100), unpacked.peek(3)) == (packing, TEXT[:100], TEXT[:3])
    assert (whole(unpacked), unpacked.damage) == (TEXT, "")


@pytest.mark.parametrize("packing", PACK)
def test_several_packed_in_one_file_are_one_text(packing: str) -> None:
    packed = PACK[packing]
    unpacked = Unpacked(io.BytesIO(packed(TEXT) + packed(b"") + packed(b"more") + b"\0" * 512))
    assert (whole(unpacked), unpacked.damage) == (TEXT + b"more", "")


@pytest.mark.parametrize("packing", PACK)
def test_what_is_cut_or_damaged_is_said(packing: str) -> None:
    packed = PACK[packing](TEXT)
    cut = Unpacked(io.BytesIO(packed[: -len(packed) // 3]))
    assert TEXT.startswith(whole(cut))
    assert "ends before" in cut.damage
    broken = Unpacked(io.BytesIO(packed[:50] + b"\xff" * 50 + packed[100:]))
    whole(broken)
    assert broken.damage
    followed = Unpacked(io.BytesIO(packed + b"something else"))
    assert (whole(followed), followed.damage) == (TEXT, "something else follows what is packed in it")


@given(st.binary(max_size=300), st.integers(1, 40), st.integers(0, 400))
def test_what_is_not_packed_is_as_it_is(text: bytes, size: int, peeked: int) -> None:
    unpacked = Unpacked(io.BytesIO(b"-" + text))
    assert unpacked.peek(peeked) == (b"-" + text)[:peeked]
    assert (whole(unpacked, size), unpacked.packing, unpacked.damage) == (b"-" + text, "", "")
