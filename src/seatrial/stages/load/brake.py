"""The brake: what the source bears, looked at while we copy (rule S5)."""

from seatrial.domain.movement import BrakeLimits
from seatrial.domain.ports import Sql


class Brake:
    """Says when copying must stop to spare the source, and when it may go on: at half of every limit, so that it
    does not flutter. A limit that cannot be read is left out and named once in `blind`."""

    def __init__(self, source: Sql, limits: BrakeLimits, *, is_replica: bool) -> None:
        self._source = source
        self._limits = limits
        self._is_replica = is_replica
        self.on = False

    def look(self) -> str:
        """Why the brake is on after this look; "" if it is off."""
        factor = 0.5 if self.on else 1.0
        reasons = [
            f"{name} is {value:,}, limit {limit:,}" for name, value, limit in self._readings() if value > limit * factor
        ]
        self.on = bool(reasons)
        return "; ".join(reasons)

    def _readings(self) -> list[tuple[str, int, int]]:
        ((_, running),) = self._source.query("SHOW GLOBAL STATUS LIKE 'Threads_running'")
        history = self._source.query(
            "SELECT `count` FROM information_schema.innodb_metrics WHERE name = 'trx_rseg_history_len'"
        )
        readings = [("threads running", int(running), self._limits.threads_running)]
        if history:
            readings.append(("history list length", int(history[0][0]), self._limits.history_list_length))
        if self._is_replica and (lag := self._replica_lag_s()) is not None:
            readings.append(("replica lag in s", lag, self._limits.replica_lag_s))
        return readings

    def _replica_lag_s(self) -> int | None:
        rows = self._source.dicts("SHOW REPLICA STATUS")
        lags = [row.get("seconds_behind_source") for row in rows]
        known = [int(lag) for lag in lags if lag is not None]
        return max(known) if known else None
