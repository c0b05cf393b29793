# cython: language_level=3, boundscheck=False, wraparound=False
"""The twin of lexer.split: one pass over the bytes, for statements whose quotes all end."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr

cdef enum:
    PLAIN = 0
    QUOTE = 1
    DIGIT = 2
    COLON = 3
    NAME = 4
    HASH = 5
    DASH = 6
    SLASH = 7
    CONTROL = 8

cdef char kind[256]
cdef bint in_word[256]


cdef void prepare():
    cdef int byte
    for byte in range(256):
        kind[byte] = PLAIN
        in_word[byte] = byte >= 0x80 or chr(byte).isalnum() or byte == c"_" or byte == c"$"
    for byte in range(10):
        kind[c"0" + byte] = DIGIT
    kind[c"'"] = kind[c'"'] = QUOTE
    kind[c":"], kind[c"`"], kind[c"#"], kind[c"-"], kind[c"/"] = COLON, NAME, HASH, DASH, SLASH
    kind[0] = kind[1] = CONTROL


prepare()


cdef inline const char* skip_digits(const char* at, const char* end) noexcept nogil:
    while at < end and kind[<unsigned char>at[0]] == DIGIT:
        at += 1
    return at


cdef inline bint is_hex(char byte) noexcept nogil:
    return c"0" <= byte <= c"9" or c"a" <= byte <= c"f" or c"A" <= byte <= c"F"


cdef inline bint ends_word(const char* at, const char* end) noexcept nogil:
    return at == end or not in_word[<unsigned char>at[0]]


cdef const char* quoted(const char* at, const char* end) noexcept nogil:
    """Behind the quote that ends what the one here begins; NULL if none does."""
    cdef char quote = at[0]
    at += 1
    while at < end:
        if at[0] == c"\\":
            at += 2
        elif at[0] != quote:
            at += 1
        elif at + 1 < end and at[1] == quote:
            at += 2
        else:
            return at + 1
    return NULL


cdef const char* number(const char* begin, const char* at, const char* end) noexcept nogil:
    """Behind the number that begins here; NULL if what does is part of a word."""
    cdef const char* stop = at + 2
    if at > begin and in_word[<unsigned char>(at - 1)[0]]:
        return NULL
    if at[0] == c"0" and at + 2 < end and (at[1] == c"x" or at[1] == c"b"):
        while stop < end and (is_hex(stop[0]) if at[1] == c"x" else (stop[0] == c"0" or stop[0] == c"1")):
            stop += 1
        if stop > at + 2 and ends_word(stop, end):
            return stop
    at = skip_digits(at + 1, end)
    if at < end and at[0] == c".":
        at = skip_digits(at + 1, end)
    if at < end and (at[0] == c"e" or at[0] == c"E"):
        stop = at + 1
        if stop < end and (stop[0] == c"+" or stop[0] == c"-"):
            stop += 1
        if skip_digits(stop, end) > stop:
            at = skip_digits(stop, end)
    return at if ends_word(at, end) else NULL


cdef const char* variable(const char* at, const char* end) noexcept nogil:
    """Behind `:name` or `::list`; NULL if it is none."""
    at += 1
    if at < end and at[0] == c":":
        at += 1
    if at == end or not (c"a" <= at[0] <= c"z" or c"A" <= at[0] <= c"Z" or at[0] == c"_"):
        return NULL
    while not ends_word(at, end):
        at += 1
    return at


cdef const char* name(const char* at, const char* end) noexcept nogil:
    """Behind a name in backticks; NULL if it has no end."""
    at += 1
    while at < end:
        at = <const char*>memchr(at, c"`", end - at)
        if at == NULL:
            return NULL
        if at + 1 < end and at[1] == c"`":
            at += 2
        else:
            return at + 1
    return NULL


cdef const char* line(const char* at, const char* end) noexcept nogil:
    cdef const char* stop = <const char*>memchr(at, c"\n", end - at)
    return end if stop == NULL else stop


cdef const char* comment(const char* at, const char* end) noexcept nogil:
    """Behind `/* … */`, or behind the `/*!80000` before what is executed; NULL if neither begins here."""
    if at + 1 >= end or at[1] != c"*":
        return NULL
    at += 2
    if at < end and at[0] == c"!":
        return skip_digits(at + 1, end)
    while at < end:
        at = <const char*>memchr(at, c"*", end - at)
        if at == NULL:
            return end
        at += 1
        if at < end and at[0] == c"/":
            return at + 1
    return end


cdef inline const char* dashes(const char* at, const char* end) noexcept nogil:
    """Behind a comment of that kind; NULL if it is none."""
    if at + 1 >= end or at[1] != c"-" or (at + 2 < end and <unsigned char>at[2] > 0x20):
        return NULL
    return line(at, end)


def split(bytes sql not None):
    """As lexer.split; None of a statement with a quote without end, or with characters that mean something in a text."""
    cdef const char* begin = PyBytes_AS_STRING(sql)
    cdef const char* end = begin + PyBytes_GET_SIZE(sql)
    cdef const char* at = begin
    cdef const char* stop
    cdef bytes text = PyBytes_FromStringAndSize(NULL, end - begin)
    cdef char* start = PyBytes_AS_STRING(text)
    cdef char* out = start
    cdef list literals = []
    cdef char what
    while at < end:
        what = kind[<unsigned char>at[0]]
        if what == PLAIN:
            out[0] = at[0]
            out += 1
            at += 1
            continue
        if what == QUOTE:
            stop = quoted(at, end)
        elif what == NAME:
            stop = name(at, end)
        elif what == DIGIT:
            stop = number(begin, at, end)
        elif what == COLON:
            stop = variable(at, end)
        elif what == HASH:
            stop = line(at, end)
        elif what == DASH:
            stop = dashes(at, end)
        elif what == SLASH:
            stop = comment(at, end)
        else:
            return None
        if stop == NULL:
            if what == QUOTE or what == NAME:
                return None
            out[0] = at[0]  # it is none of these
            out += 1
            at += 1
            continue
        if what == NAME:
            while at < stop:
                if kind[<unsigned char>at[0]] == CONTROL:
                    return None
                out[0] = at[0]
                out += 1
                at += 1
        else:
            if what <= COLON:
                literals.append(PyBytes_FromStringAndSize(at, stop - at))
                out[0] = 0
            else:
                out[0] = c" "
            out += 1
        at = stop
    return PyBytes_FromStringAndSize(start, out - start), literals


def comments(bytes sql not None):
    """As lexer.comments."""
    cdef const char* begin = PyBytes_AS_STRING(sql)
    cdef const char* end = begin + PyBytes_GET_SIZE(sql)
    cdef const char* at = begin
    cdef const char* stop
    cdef list found = []
    cdef char what
    while at < end:
        what = kind[<unsigned char>at[0]]
        stop = at + 1
        if what == QUOTE or what == NAME:
            stop = quoted(at, end) if what == QUOTE else name(at, end)
            if stop == NULL:
                break
        elif what == HASH:
            stop = line(at, end)
        elif what == DASH and dashes(at, end) != NULL:
            stop = dashes(at, end)
        elif what == SLASH and comment(at, end) != NULL:
            stop = comment(at, end)
            if stop - at >= 4 and at[2] != c"!" and at[2] != c"+" and (stop - 2)[0] == c"*" and (stop - 1)[0] == c"/":
                found.append(PyBytes_FromStringAndSize(at + 2, stop - at - 4))
        at = stop
    return found
