# cython: language_level=3, boundscheck=False, wraparound=False
"""The twin of the functions of outline.py that every statement of a log goes through."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport free, malloc
from libc.string cimport memchr

from seatrial.compiled.literal cimport unescaped, unhexed

cdef enum:
    QUOTED = -1
    PLAIN = 0
    HEX = 1


def outline(bytes sql not None):
    """As outline.outline."""
    cdef const char* at = PyBytes_AS_STRING(sql)
    cdef const char* end = at + PyBytes_GET_SIZE(sql)
    cdef const char* stop
    cdef bytes made
    cdef char* out
    cdef char* start
    cdef bint inside = False
    if has_escaped_quote(at, end):
        return None
    made = PyBytes_FromStringAndSize(NULL, end - at)
    start = out = PyBytes_AS_STRING(made)
    while True:
        stop = <const char*>memchr(at, c"'", end - at)
        if stop == NULL:
            stop = end
        if inside:
            if stop == end:
                return None
            out[0] = c"'"
            out += 1
        else:
            out = without_digits(at, stop, out)
        if stop == end:
            return made if out - start == PyBytes_GET_SIZE(made) else PyBytes_FromStringAndSize(start, out - start)
        inside = not inside
        at = stop + 1


cdef bint has_escaped_quote(const char* at, const char* end) noexcept nogil:
    while at < end:
        at = <const char*>memchr(at, c"\\", end - at)
        if at == NULL or at + 1 >= end:
            return False
        if at[1] == c"'":
            return True
        at += 1
    return False


cdef char* without_digits(const char* at, const char* stop, char* out) noexcept nogil:
    """Copy with a 0 for every digit; behind what was written."""
    cdef Py_ssize_t number
    for number in range(stop - at):
        out[number] = c"0" if <unsigned char>(at[number] - c"1") < 9 else at[number]
    return out + (stop - at)


cdef struct Cursor:
    # The piece that begins at `at`; pieces stand between quotes.
    const char* begin
    const char* end
    const char* at
    Py_ssize_t piece


cdef bint go_to(Cursor* cursor, Py_ssize_t piece) noexcept nogil:
    if piece < cursor.piece:
        cursor.at, cursor.piece = cursor.begin, 0
    while cursor.piece < piece:
        cursor.at = <const char*>memchr(cursor.at, c"'", cursor.end - cursor.at)
        if cursor.at == NULL:
            return False
        cursor.at += 1
        cursor.piece += 1
    return True


cdef Cursor opened(bytes sql) noexcept:
    cdef Cursor cursor
    cursor.begin = cursor.at = PyBytes_AS_STRING(sql)
    cursor.end = cursor.begin + PyBytes_GET_SIZE(sql)
    cursor.piece = 0
    return cursor


cdef const char* stretch(Cursor* cursor, Py_ssize_t piece, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t* size) except NULL:
    """Where it begins, and how much of it the statement has; `stop` -1: up to the piece's end."""
    cdef const char* behind
    cdef Py_ssize_t last
    if not go_to(cursor, piece):
        raise IndexError("the statement has fewer pieces")
    behind = <const char*>memchr(cursor.at, c"'", cursor.end - cursor.at)
    last = (cursor.end if behind == NULL else behind) - cursor.at
    if 0 <= stop < last:
        last = stop
    start = min(start, last)
    size[0] = last - start
    return cursor.at + start


def parts(bytes sql not None, tuple spans not None):
    """As outline.parts."""
    cdef Cursor cursor = opened(sql)
    cdef list found = []
    cdef const char* text
    cdef Py_ssize_t size
    for piece, start, stop in spans:
        text = stretch(&cursor, piece, start, -1 if stop is None else stop, &size)
        found.append(PyBytes_FromStringAndSize(text, size))
    return tuple(found)


cdef struct Place:
    # As outline.Read; of a constant the piece is -1.
    Py_ssize_t piece
    Py_ssize_t start
    Py_ssize_t stop
    int how
    bint ends_key


cdef bytes literal(Cursor* cursor, Place* place, value):
    """What stands there, as literal.value reads it."""
    cdef Py_ssize_t size
    cdef const char* text = stretch(cursor, place.piece, place.start, place.stop, &size)
    cdef bytes found
    if place.how == QUOTED:
        return PyBytes_FromStringAndSize(text, size) if memchr(text, c"\\", size) == NULL else unescaped(text, size, c"'")
    if place.how == PLAIN and text[0] > c"0":
        return PyBytes_FromStringAndSize(text, size)
    if place.how == HEX and place.stop < 0 and (found := unhexed(text, size)) is not None:
        return found
    found = PyBytes_FromStringAndSize(text, size)
    return value(b"'%b'" % found if place.stop < 0 else found, place.how)


cdef class Prepared:
    """As outline.Prepared, which need not be given `value`."""

    cdef Place* places
    cdef Py_ssize_t count
    cdef tuple constants
    cdef object value
    cdef readonly bint single

    def __cinit__(self, tuple keys not None, value not None):
        cdef Py_ssize_t number = 0
        self.value = value
        self.count = sum(len(reads) for reads in keys)
        self.constants = tuple([read.constant for reads in keys for read in reads])
        self.single = all(len(reads) == 1 for reads in keys)
        self.places = <Place*>malloc(max(1, self.count) * sizeof(Place))
        if self.places == NULL:
            raise MemoryError
        for reads in keys:
            if not reads:
                raise ValueError("a key without a place")
            for read in reads:
                self.places[number].piece, self.places[number].start = read.piece, read.start
                self.places[number].stop = -1 if read.stop is None else read.stop
                self.places[number].how, self.places[number].ends_key = read.how, False
                number += 1
            self.places[number - 1].ends_key = True

    def __dealloc__(self):
        free(self.places)

    def values(self, bytes sql not None, hashed not None):
        """As outline.Prepared.values."""
        cdef Cursor cursor = opened(sql)
        cdef list found = []
        cdef list of_key = []
        cdef bint plainly = hashed is hash
        cdef Py_ssize_t number
        cdef Place* place
        cdef bytes one
        for number in range(self.count):
            place = &self.places[number]
            one = literal(&cursor, place, self.value) if place.piece >= 0 else self.constants[number]
            if one is None:
                one_hash = 0
            elif plainly:
                one_hash = hash(one)
            else:
                one_hash = hashed(one)
            if self.single:
                found.append(one_hash)
            else:
                if one_hash not in of_key:
                    of_key.append(one_hash)
                if place.ends_key:
                    found.append(of_key)
                    of_key = []
        return found
