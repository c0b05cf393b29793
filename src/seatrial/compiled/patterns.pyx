# cython: language_level=3, boundscheck=False, wraparound=False
"""The twin of patterns.pattern."""


def pattern(held not None, many):
    """As patterns.pattern."""
    cdef dict numbers = {}
    cdef list found = []
    cdef bint any_many = False
    for one in held:
        for value in one[1]:
            known = numbers.get(value)
            if known is None:
                known = numbers[value] = len(numbers)
                any_many |= value == many
            found.append(known)
    if any_many:
        taken = numbers[many]  # it takes no number
        return tuple([many if at == taken else at - 1 if at > taken else at for at in found])
    return tuple(found)
