# cython: language_level=3, boundscheck=False, wraparound=False
"""The twins of what repeats.py and texts.py do to statements of many rows that are all alike, and plain."""

from cython cimport boundscheck
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr

from seatrial.compiled.literal cimport unescaped

LEAST_ROWS = 4


cdef inline bint is_blank(char byte) noexcept nogil:
    return byte == c" " or c"\t" <= byte <= c"\r"


cdef inline const char* behind_blanks(const char* at, const char* end) noexcept nogil:
    while at < end and is_blank(at[0]):
        at += 1
    return at


cdef const char* behind_row(const char* at, const char* end) noexcept nogil:
    """Behind the row that begins here; NULL if none does, or one with parentheses in it."""
    if at >= end or at[0] != c"(":
        return NULL
    at += 1
    while at < end and at[0] != c")":
        if at[0] == c"(":
            return NULL
        at += 1
    return at + 1 if at < end else NULL


cdef int constant(const char* begin, const char* at, const char* end) noexcept nogil:
    """The bytes of the NULL, TRUE or FALSE that stands here alone as a value of a row; 0 if none does."""
    cdef const char* word
    cdef const char* before = at - 1
    cdef int size, number, blanks = 0
    if at[0] == c"n" or at[0] == c"N":
        word, size = b"null", 4
    elif at[0] == c"t" or at[0] == c"T":
        word, size = b"true", 4
    elif at[0] == c"f" or at[0] == c"F":
        word, size = b"false", 5
    else:
        return 0
    if end - at < size:
        return 0
    for number in range(size):
        if (at[number] | 0x20) != word[number]:
            return 0
    while before > begin and blanks < 2 and is_blank(before[0]):
        before -= 1
        blanks += 1
    if before < begin or (before[0] != c"(" and before[0] != c","):
        return 0
    at = behind_blanks(at + size, end)
    return size if at < end and (at[0] == c"," or at[0] == c")") else 0


def alike_rows(bytes text not None, list literals not None):
    """(start, stop, row, values): the first rows, at least LEAST_ROWS, of a split text that follow each other and are
    alike; one of them with a hole for each NULL, TRUE and FALSE too; and all their values, as repeats._without_constants
    tells them. None if there are none, or if any is not plain."""
    cdef const char* begin = PyBytes_AS_STRING(text)
    cdef const char* end = begin + PyBytes_GET_SIZE(text)
    cdef const char* at = begin
    cdef const char* row
    cdef const char* stop
    cdef const char* next_row
    cdef const char* seen
    cdef Py_ssize_t rows, holes = 0
    while True:
        row = <const char*>memchr(at, c"(", end - at)
        if row == NULL:
            return None
        seen = at
        while seen < row:
            holes += seen[0] == 0
            seen += 1
        at = row
        if row > begin and (is_blank((row - 1)[0]) or (row - 1)[0] in (c"s", c"S", c")")):
            rows, next_row = 0, row
            while True:
                stop = behind_row(next_row, end)
                if stop == NULL:
                    return None
                rows += 1
                next_row = behind_blanks(stop, end)
                if next_row >= end or next_row[0] != c",":
                    break
                next_row = behind_blanks(next_row + 1, end)
                if next_row >= end or next_row[0] != c"(":
                    return None
            if rows >= LEAST_ROWS:
                return valued(text, literals, row, stop, holes)
        at = row + 1


@boundscheck(True)
cdef valued(bytes text, list literals, const char* row, const char* stop, Py_ssize_t literal):
    cdef const char* begin = PyBytes_AS_STRING(text)
    cdef const char* at = row
    cdef bytes first = PyBytes_FromStringAndSize(NULL, behind_row(row, stop) - row)
    cdef char* template = PyBytes_AS_STRING(first)
    cdef Py_ssize_t length = 0, number
    cdef const char* end
    cdef list values = []
    cdef int size
    cdef bint is_first = True
    while True:
        end = behind_row(at, stop)
        number = 0
        while at < end:
            size = 0
            if at[0] == 0:
                values.append(literals[literal])
                literal += 1
                size = 1
            elif at[0] in (c"n", c"N", c"t", c"T", c"f", c"F") and (size := constant(row, at, stop)):
                values.append(None if at[0] == c"n" or at[0] == c"N" else b"1" if at[0] == c"t" or at[0] == c"T" else b"0")
            if is_first:
                template[number] = 0 if size else at[0]
            elif number >= length or template[number] != (0 if size else at[0]):
                return None
            number += 1
            at += size if size else 1
        if is_first:
            length = number
            is_first = False
        elif number != length:
            return None
        if at == stop:
            break
        while at[0] != c"(":
            at += 1
    return row - begin, stop - begin, first[:length], values


cdef inline object hash_of(bytes literal, int how, hashed, bint plainly, value):
    cdef const char* text = PyBytes_AS_STRING(literal)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(literal)
    cdef bytes found
    if how == 0 and text[0] > c"0":
        found = literal
    elif how == 0 and size > 1 and (text[0] == c"'" or text[0] == c'"'):  # a quote without end may be the last byte
        if memchr(text, c"\\", size) == NULL and memchr(text + 1, text[0], size - 2) == NULL:
            found = PyBytes_FromStringAndSize(text + 1, size - 2)
        else:
            found = unescaped(text + 1, size - 2, text[0])
    else:
        found = value(literal, how)
    return hash(found) if plainly else hashed(found)


def distinct(tuple keys not None, list alike not None, hashed not None, value not None):
    """As texts.distinct."""
    cdef list found = []
    cdef bint plainly = hashed is hash
    cdef set some
    for places in keys:
        some = set()
        for number, how, constant in places:
            if number < 0:
                some.add(0 if constant is None else hashed(constant))
                continue
            for literal in alike[number]:
                some.add(0 if literal is None else hash_of(literal, how, hashed, plainly, value))
        found.append([*some])
    return found
