# cython: language_level=3, boundscheck=False, wraparound=False
"""What literals stand for, as literal.value tells it, for the modules beside."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize


cdef inline int digit(char byte) noexcept nogil:
    if c"0" <= byte <= c"9":
        return byte - c"0"
    if c"a" <= byte <= c"f":
        return byte - c"a" + 10
    return byte - c"A" + 10 if c"A" <= byte <= c"F" else -1


cdef inline bytes unhexed(const char* text, Py_ssize_t size):
    """The bytes that pairs of hexadecimal digits stand for; None if they are none."""
    cdef bytes made
    cdef char* out
    cdef Py_ssize_t number
    cdef int high, low
    if size % 2:
        return None
    made = PyBytes_FromStringAndSize(NULL, size // 2)
    out = PyBytes_AS_STRING(made)
    for number in range(size // 2):
        high, low = digit(text[2 * number]), digit(text[2 * number + 1])
        if high < 0 or low < 0:
            return None
        out[number] = <char>(high * 16 + low)
    return made


cdef inline char escaped(char byte) noexcept nogil:
    """What the character stands for behind a backslash (MySQL 9.7 Reference Manual, §11.1.1)."""
    if byte == c"0":
        return 0
    if byte == c"b":
        return 8
    if byte == c"n":
        return 10
    if byte == c"r":
        return 13
    if byte == c"t":
        return 9
    return 26 if byte == c"Z" else byte


cdef inline bytes unescaped(const char* text, Py_ssize_t size, char quote):
    """What stands between two of these quotes, without backslashes and with doubled quotes once."""
    cdef bytes made = PyBytes_FromStringAndSize(NULL, size)
    cdef char* start = PyBytes_AS_STRING(made)
    cdef char* out = start
    cdef const char* end = text + size
    while text < end:
        if text[0] == c"\\" and text + 1 < end:
            text += 1
            out[0] = escaped(text[0])
        elif text[0] == quote and text + 1 < end and text[1] == quote:
            text += 1
            out[0] = quote
        else:
            out[0] = text[0]
        out += 1
        text += 1
    return PyBytes_FromStringAndSize(start, out - start)
