"""The key of a fleet: with it, the same value has the same hash on every machine; without it, no value can be tried."""

import hashlib
import re
import secrets

from seatrial.domain.fault import Exit, Fault

KEY_BYTES = 32
MEMO = 200_000
"""Values whose hashes are remembered: most statements name one that was named a moment ago."""


class Key:
    """Holds the key. It prints as `***`; `reveal` is for its owner's eyes, and for the pipe to a worker."""

    __slots__ = ("_key", "_known", "_values")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._values = hashlib.blake2b(key=key, digest_size=8, person=b"value")
        self._known: dict[bytes, int] = {}

    @classmethod
    def made(cls) -> "Key":
        """A new one, of the system's best randomness."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: bytes, name: str) -> "Key":
        """The key as it is written; `name` is where. Fault: `digest.key-malformed`, which shows nothing of it."""
        if re.fullmatch(rb"\s*[0-9a-fA-F]{%d}\s*" % (2 * KEY_BYTES), text) is None:
            raise Fault(
                "digest.key-malformed",
                f"{name} holds no key: one is {2 * KEY_BYTES} hexadecimal digits and nothing else",
                remedy="make one with: seatrial digest key -d DOSSIER > fleet.key",
                exit=Exit.CONFIG,
            )
        return cls(bytes.fromhex(text.decode().strip()))

    def reveal(self) -> bytes:
        return self._key

    @property
    def written(self) -> str:
        """As `parse` reads it."""
        return self._key.hex()

    @property
    def fingerprint(self) -> str:
        """By which two keys are known to be the same; it does not lead back to the key."""
        return hashlib.blake2b(key=self._key, digest_size=8, person=b"fingerprint").hexdigest()

    def hashed(self, value: bytes) -> int:
        """The hash of a value: 64 bits, never negative."""
        if (found := self._known.get(value)) is not None:
            return found
        hashing = self._values.copy()
        hashing.update(value)
        if len(self._known) >= MEMO:
            self._known.clear()
        made = self._known[value] = int.from_bytes(hashing.digest(), "big")
        return made

    def name(self, name: str) -> str:
        """What stands for the name of an account or a host."""
        return hashlib.blake2b(name.encode(), key=self._key, digest_size=8, person=b"name").hexdigest()

    def asked(self, names: str) -> str:
        """What stands for names that were asked for, all of one kind: equal ones are known again."""
        hashed = hashlib.blake2b(names.encode(), key=self._key, digest_size=8, person=b"asked")
        return f"with the fleet's key: {hashed.hexdigest()}"

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__
