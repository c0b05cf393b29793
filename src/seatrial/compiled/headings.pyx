# cython: language_level=3, boundscheck=False, wraparound=False
"""The twin of slow_log_columns.in_python: the same columns, read off the bytes in one pass.

It knows one form of a heading, which MySQL 8 and 9 write with log_slow_extra, and gives up (None) at the first byte
that is otherwise: whoever asked does it in Python then. No byte at or behind `end` is looked at.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memchr, memcmp, memcpy

cdef long long LONGEST_US = 1LL << 53
cdef bytes _COMMAND = b"# administrator command: "
cdef int* _DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


cdef struct Second:
    # The last one met, as it was written, and its µs since 1970.
    char text[20]
    long long us
    bint known


cdef inline const char* after(const char* at, const char* end, const char* word, Py_ssize_t length) noexcept nogil:
    """Behind the word, which must stand here; NULL if it does not, or if there is nowhere to look."""
    if at == NULL or end - at < length or memcmp(at, word, length) != 0:
        return NULL
    return at + length


cdef inline const char* number(const char* at, const char* end, long long* found) noexcept nogil:
    """Behind 1 to 18 digits and no more, which are told."""
    cdef const char* start = at
    cdef long long value = 0
    if at == NULL:
        return NULL
    while at < end and c'0' <= at[0] <= c'9':
        if at - start == 18:
            return NULL
        value = value * 10 + (at[0] - c'0')
        at += 1
    found[0] = value
    return at if at > start else NULL


cdef inline const char* digits(const char* at, const char* end) noexcept nogil:
    """Behind some digits, however many."""
    cdef const char* start = at
    if at == NULL:
        return NULL
    while at < end and c'0' <= at[0] <= c'9':
        at += 1
    return at if at > start else NULL


cdef inline const char* blanks(const char* at, const char* end) noexcept nogil:
    """Behind one blank or more."""
    if at == NULL or at >= end or at[0] != c' ':
        return NULL
    while at < end and at[0] == c' ':
        at += 1
    return at


cdef inline const char* seconds(const char* at, const char* end, long long* us) noexcept nogil:
    """Behind a time in seconds with six decimals, which is told in µs."""
    cdef long long whole, fraction
    cdef const char* point = number(at, end, &whole)
    cdef const char* stop = number(after(point, end, b".", 1), end, &fraction)
    if stop == NULL or stop - point != 7 or whole > LONGEST_US // 1000000:
        return NULL
    us[0] = whole * 1000000 + fraction
    return stop if us[0] <= LONGEST_US else NULL


cdef int two(const char* at) noexcept nogil:
    """Two digits; -1 for anything else."""
    if c'0' <= at[0] <= c'9' and c'0' <= at[1] <= c'9':
        return (at[0] - c'0') * 10 + (at[1] - c'0')
    return -1


cdef bint second(const char* at, Second* last) noexcept nogil:
    """Whether `2026-11-21T08:50:00.` stands here; then it is the last one met."""
    cdef int year, month, day, hour, minute, sec, most
    cdef long long days, shifted, era
    if last.known and memcmp(at, last.text, 20) == 0:
        return True
    if at[4] != c'-' or at[7] != c'-' or at[10] != c'T' or at[13] != c':' or at[16] != c':' or at[19] != c'.':
        return False
    year = two(at) * 100 + two(at + 2)
    month, day, hour, minute, sec = two(at + 5), two(at + 8), two(at + 11), two(at + 14), two(at + 17)
    if two(at) < 0 or two(at + 2) < 0 or year < 1 or not 1 <= month <= 12 or day < 1:
        return False
    most = _DAYS[month - 1] + (month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))
    if day > most or not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= sec < 60):
        return False
    # Days since 1970 of a date of the Gregorian calendar, by years that begin in March.
    shifted = year - (month <= 2)
    era = shifted // 400
    days = era * 146097 + (shifted - era * 400) * 365 + (shifted - era * 400) // 4 - (shifted - era * 400) // 100
    days += (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1 - 719468
    memcpy(last.text, at, 20)
    last.known = True
    last.us = (((days * 24 + hour) * 60 + minute) * 60 + sec) * 1000000
    return True


cdef inline const char* moment(const char* at, const char* end, Second* last, long long* us) noexcept nogil:
    """Behind a moment in UTC with six decimals and its line's end; it is told in µs since 1970."""
    cdef long long fraction
    if at == NULL or end - at < 28 or not second(at, last):
        return NULL
    if number(at + 20, at + 26, &fraction) != at + 26:
        return NULL
    us[0] = last.us + fraction
    return after(at + 26, end, b"Z\n", 2)


cdef const char* account(const char* at, const char* end) noexcept nogil:
    """Behind `user[user] @ host [address]`."""
    cdef const char* line
    cdef int times
    if at == NULL:
        return NULL
    line = <const char*>memchr(at, c'\n', end - at)
    if line == NULL:
        return NULL
    for times in range(2):
        at = <const char*>memchr(at, c'[', line - at)
        if at == NULL:
            return NULL
        at = <const char*>memchr(at, c']', line - at)
        if at == NULL:
            return NULL
        at += 1
        if times == 0:
            at = after(at, line, b" @ ", 3)
            if at == NULL:
                return NULL
    return at


cdef const char* behind_id(const char* at, const char* end, long long* connection) noexcept nogil:
    """Behind blanks, `Id:` and its number, and the line's end."""
    if at == NULL or at >= end or (at[0] != c' ' and at[0] != c'\t'):
        return NULL
    while at < end and (at[0] == c' ' or at[0] == c'\t'):
        at += 1
    at = after(at, end, b"Id:", 3)
    if at == NULL:
        return NULL
    at = number(blanks(at, end), end, connection)
    return after(at, end, b"\n", 1)


cdef struct Figures:
    # `extra`: whether log_slow_extra was on.
    long long took, lock, sent, examined, code, size, on_disk, tables, other
    bint extra


cdef inline const char* field(const char* at, const char* end, const char* name, Py_ssize_t length, long long* found) noexcept nogil:
    """Behind a field's name and number."""
    return number(after(at, end, name, length), end, found)


cdef const char* figures(const char* at, const char* end, Figures* found) noexcept nogil:
    """Behind the line of figures."""
    at = seconds(after(at, end, b"# Query_time: ", 14), end, &found.took)
    at = seconds(after(blanks(at, end), end, b"Lock_time: ", 11), end, &found.lock)
    at = field(blanks(at, end), end, b"Rows_sent: ", 11, &found.sent)
    at = field(blanks(at, end), end, b"Rows_examined: ", 15, &found.examined)
    found.extra = at != NULL and at < end and at[0] != c"\n"
    if not found.extra:
        found.code = found.size = found.on_disk = found.tables = 0
        return after(at, end, b"\n", 1)
    at = field(at, end, b" Thread_id: ", 12, &found.other)
    at = field(at, end, b" Errno: ", 8, &found.code)
    at = field(at, end, b" Killed: ", 9, &found.other)
    at = field(at, end, b" Bytes_received: ", 17, &found.other)
    at = field(at, end, b" Bytes_sent: ", 13, &found.size)
    at = field(at, end, b" Read_first: ", 13, &found.other)
    at = field(at, end, b" Read_last: ", 12, &found.other)
    at = field(at, end, b" Read_key: ", 11, &found.other)
    at = field(at, end, b" Read_next: ", 12, &found.other)
    at = field(at, end, b" Read_prev: ", 12, &found.other)
    at = field(at, end, b" Read_rnd: ", 11, &found.other)
    at = field(at, end, b" Read_rnd_next: ", 16, &found.other)
    at = field(at, end, b" Sort_merge_passes: ", 20, &found.other)
    at = field(at, end, b" Sort_range_count: ", 19, &found.other)
    at = field(at, end, b" Sort_rows: ", 12, &found.other)
    at = field(at, end, b" Sort_scan_count: ", 18, &found.other)
    at = field(at, end, b" Created_tmp_disk_tables: ", 26, &found.on_disk)
    at = field(at, end, b" Created_tmp_tables: ", 21, &found.tables)
    if at == NULL:
        return NULL
    at = <const char*>memchr(at, c'\n', end - at)
    return NULL if at == NULL else at + 1


cdef const char* used(const char* at, const char* end, Py_ssize_t* length) noexcept nogil:
    """Behind `use name;`, if it stands here; the name's length, -1 without."""
    cdef const char* line
    length[0] = -1
    if at == NULL or end - at < 4 or memcmp(at, b"use ", 4) != 0:
        return at
    line = <const char*>memchr(at, c'\n', end - at)
    if line == NULL or (line - 1)[0] != c';' or memchr(at, c'\r', line - at) != NULL:
        return NULL
    length[0] = line - at - 5
    return line + 1


cdef const char* stamp(const char* at, const char* end) noexcept nogil:
    """Behind `SET timestamp=…;` and its line's end."""
    cdef const char* start
    cdef const char* plain
    cdef long long other
    at = after(at, end, b"SET ", 4)
    plain = digits(after(at, end, b"last_insert_id=", 15), end)
    if plain != NULL:
        at = after(plain, end, b",", 1)
    plain = digits(after(at, end, b"insert_id=", 10), end)
    if plain != NULL:
        at = after(plain, end, b",", 1)
    start = after(at, end, b"timestamp=", 10)
    at = number(start, end, &other)
    if at == NULL:
        return NULL
    while at < end and at[0] != c';' and at[0] != c'\n':
        at += 1
    return after(at, end, b";\n", 2)


cdef const char* statement(const char* begin, const char* end, bint* is_command) noexcept nogil:
    """Where the `;` stands that ends the statement which begins here; NULL if a line of it begins as a heading's."""
    cdef const char* at = begin
    is_command[0] = after(begin, end, COMMAND_TEXT, COMMAND_BYTES) != NULL
    if not is_command[0] and after(begin, end, b"# ", 2) != NULL:
        return NULL
    while True:
        at = <const char*>memchr(at, c'\n', end - at)
        if at == NULL:
            return NULL
        if at + 1 == end or (end - at > 2 and at[1] == c'#' and at[2] == c' '):
            break
        at += 1
    if at == begin or (at - 1)[0] != c';' or (at + 1 < end and after(at + 1, end, b"# Time: ", 8) == NULL):
        return NULL
    return at - 1


cdef const char* COMMAND_TEXT = PyBytes_AS_STRING(_COMMAND)
cdef Py_ssize_t COMMAND_BYTES = PyBytes_GET_SIZE(_COMMAND)


def columns(bytes stretch not None, str database not None, people):
    """The fields of the batch that slow_log_columns.in_python makes; None for whatever it does not know."""
    cdef const char* at = PyBytes_AS_STRING(stretch)
    cdef const char* end = at + PyBytes_GET_SIZE(stretch)
    cdef const char* who
    cdef const char* begin
    cdef const char* last_who = NULL
    cdef Py_ssize_t last_who_bytes = -1, name_bytes
    cdef Figures found
    cdef Second last
    cdef long long us, connection
    cdef bint is_command, any_table = False, any_on_disk = False, extra = False
    cdef str user = "", host = ""
    cdef list ended = [], took = [], lock = [], sent = [], examined = [], size = [], errno = [], users = []
    cdef list hosts = [], connections = [], databases = [], sql = [], tables = [], on_disk = [], commands = None
    last.known = False
    while at < end:
        at = moment(after(at, end, b"# Time: ", 8), end, &last, &us)
        who = after(at, end, b"# User@Host: ", 13)
        at = account(who, end)
        if at == NULL:
            return None
        if at - who != last_who_bytes or memcmp(who, last_who, last_who_bytes) != 0:
            user, host = people[PyBytes_FromStringAndSize(who, at - who)]
            last_who, last_who_bytes = who, at - who
        at = figures(behind_id(at, end, &connection), end, &found)
        if at == NULL:
            return None
        if not sql:
            extra = found.extra
        elif found.extra != extra:
            return None
        begin = at
        at = stamp(used(at, end, &name_bytes), end)
        if at == NULL:
            return None
        if name_bytes >= 0:
            database = begin[4 : 4 + name_bytes].decode("utf-8", "replace")
        begin = at
        at = statement(begin, end, &is_command)
        if at == NULL:
            return None
        if is_command:
            if commands is None:
                commands = [""] * len(sql)
            commands.append(begin[COMMAND_BYTES : at - begin].decode("utf-8", "replace"))
            sql.append(b"")
        else:
            if commands is not None:
                commands.append("")
            sql.append(PyBytes_FromStringAndSize(begin, at - begin))
        at += 2
        ended.append(us)
        took.append(found.took)
        lock.append(found.lock)
        sent.append(found.sent)
        examined.append(found.examined)
        size.append(found.size)
        errno.append(found.code)
        users.append(user)
        hosts.append(host)
        connections.append(connection)
        databases.append(database)
        tables.append(found.tables)
        on_disk.append(found.on_disk)
        any_table |= found.tables != 0
        any_on_disk |= found.on_disk != 0
    return dict(
        ended_us=ended,
        took_us=took,
        lock_us=lock,
        rows_sent=sent,
        rows_examined=examined,
        bytes_sent=size if extra else None,
        errno=errno,
        user=users,
        host=hosts,
        connection=connections,
        database=databases,
        command=commands,
        sql=sql,
        tmp_tables=tables if any_table else None,
        tmp_disk_tables=on_disk if any_on_disk else None,
    ) if sql else None
