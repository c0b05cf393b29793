"""A password that cannot be printed, logged, compared by accident or encoded."""

from typing import NoReturn


class Secret:
    """Holds a secret value. Prints as `***`; msgspec, json and pickle refuse it. `reveal()` is for drivers only."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never serialised")
