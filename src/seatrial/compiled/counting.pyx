# cython: language_level=3, boundscheck=False, wraparound=False
"""The twins of what tally.py does to every statement, and of a search of digester.py."""

from cython cimport boundscheck
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memchr


def holding_comments(sql not None):
    """As digester.holding_comments."""
    cdef set found = set()
    cdef Py_ssize_t row = 0
    cdef const char* at
    cdef const char* end
    cdef bytes statement
    for statement in sql:
        at = PyBytes_AS_STRING(statement)
        end = at + PyBytes_GET_SIZE(statement)
        while at < end:
            at = <const char*>memchr(at, c"/", end - at)
            if at == NULL or at + 1 >= end:
                break
            if at[1] == c"*":
                found.add(row)
                break
            at += 1
        row += 1
    return found


@boundscheck(True)
def count_column(dict counts not None, list rows not None, Py_ssize_t column, Py_ssize_t most):
    """As tally.count_column."""
    cdef bint capped = False
    cdef list row
    for row in rows:
        value = row[column]
        known = counts.get(value)
        if known is not None:
            counts[value] = known + 1
        elif len(counts) < most:
            counts[value] = 1
        else:
            capped = True
    return capped


def count_values(dict counts not None, list values not None, Py_ssize_t most):
    """As tally.count_values."""
    cdef bint capped = False
    for value in values:
        known = counts.get(value)
        if known is not None:
            counts[value] = known + 1
        elif len(counts) < most:
            counts[value] = 1
        else:
            capped = True
    return capped


def count_times(dict buckets not None, durations not None, list short not None, bucket not None):
    """As tally.count_times."""
    limit = len(short)
    for us in durations:
        number = short[us] if 0 <= us < limit else bucket(us)
        known = buckets.get(number)
        buckets[number] = 1 if known is None else known + 1
