"""Measures of the rehearsed cutover: what the application felt, and what became of its rows."""

from seatrial.domain.evidence import Exhibit
from seatrial.domain.rehearsal import Ledger, Rehearsal
from seatrial.stages.judge.case import Case, Reading, counted, listed


def committed_transactions(case: Case) -> Reading:
    rehearse = case.rehearse
    traffic = rehearse.body.traffic
    because = f"{traffic.committed:,} of {counted(traffic.transactions, 'transaction')} committed"
    return Reading(traffic.committed, because, (rehearse.evidence("traffic", "committed"),))


def committed_per_s(case: Case) -> Reading:
    rehearse = case.rehearse
    if rehearse.body.seconds <= 0:
        return Reading(None, "the rehearsal took no time", (rehearse.evidence("seconds"),))
    rate = rehearse.body.traffic.committed / rehearse.body.seconds
    because = f"{rate:,.1f} committed a second over {rehearse.body.seconds:,.0f} s, {rehearse.body.rate_per_s:g} asked"
    return Reading(round(rate, 3), because, (rehearse.evidence("traffic", "committed"), rehearse.evidence("seconds")))


def pause_ms(case: Case) -> Reading:
    rehearse = case.rehearse
    there, back = rehearse.body.pause_switch_ms, rehearse.body.pause_reverse_ms
    because = f"no commit for {there:,.0f} ms at the switch and for {back:,.0f} ms on the way back"
    places = (rehearse.evidence("pause_switch_ms"), rehearse.evidence("pause_reverse_ms"))
    return Reading(rehearse.body.pause_ms, because, places)


def stall_p99_ms(case: Case) -> Reading:
    rehearse = case.rehearse
    stall, calm = rehearse.body.stall_p99_ms, rehearse.body.baseline_p99_ms
    because = f"99 of 100 transactions took at most {stall:,.0f} ms around the switches, {calm:,.0f} ms otherwise"
    return Reading(stall, because, (rehearse.evidence("stall_p99_ms"), rehearse.evidence("baseline_p99_ms")))


def stall_max_ms(case: Case) -> Reading:
    rehearse = case.rehearse
    stall = rehearse.body.stall_max_ms
    return Reading(stall, f"the slowest transaction took {stall:,.0f} ms", (rehearse.evidence("stall_max_ms"),))


def failed_percent(case: Case) -> Reading:
    rehearse = case.rehearse
    traffic = rehearse.body.traffic
    if not traffic.transactions:
        return _no_traffic(rehearse)
    because = f"{counted(traffic.failed, 'transaction')} of {traffic.transactions:,} failed"
    if traffic.errors:
        often = sorted(traffic.errors.items(), key=lambda item: -item[1])
        because += "; errors: " + listed([f"{name} ({count:,})" for name, count in often], limit=3)
    places = (rehearse.evidence("traffic", "failed"), rehearse.evidence("traffic", "transactions"))
    return Reading(round(100 * traffic.failed / traffic.transactions, 4), because, places)


def half_committed(case: Case) -> Reading:
    """Rule R5."""
    rehearse = case.rehearse
    if not rehearse.body.traffic.transactions:
        return _no_traffic(rehearse)
    half = rehearse.body.traffic.half
    because = f"{counted(half, 'transaction')} lost a statement to an error and committed the rest"
    return Reading(half, because, (rehearse.evidence("traffic", "half"),))


def unknown_outcome(case: Case) -> Reading:
    rehearse = case.rehearse
    if not rehearse.body.traffic.transactions:
        return _no_traffic(rehearse)
    unknown = rehearse.body.traffic.unknown
    because = f"{counted(unknown, 'transaction')} lost the connection while committing"
    return Reading(unknown, because, (rehearse.evidence("traffic", "unknown"),))


def rows_lost(case: Case) -> Reading:
    return _ledger(case, "lost", "not found again on the source")


def rows_doubled(case: Case) -> Reading:
    return _ledger(case, "doubled", "found more than once")


def rows_surplus(case: Case) -> Reading:
    return _ledger(case, "surplus", "found though the application was told that they failed")


def _ledger(case: Case, field: str, said: str) -> Reading:
    rehearse = case.rehearse
    ledger: Ledger | None = rehearse.body.ledger
    if ledger is None:
        return Reading(None, "the rehearsal kept no ledger of its transactions", (rehearse.evidence("ledger"),))
    if not ledger.committed:
        return Reading(None, "no transaction was committed", (rehearse.evidence("ledger", "committed"),))
    value: int = getattr(ledger, field)
    because = f"of {ledger.committed:,} committed and looked up, {value:,} {said}"
    if field == "surplus":
        because = f"{value:,} {said}"
    return Reading(value, because, (rehearse.evidence("ledger", field), rehearse.evidence("ledger", "committed")))


def sequences_behind(case: Case) -> Reading:
    """Rule R6; every sequence that was provisioned must have been looked at."""
    rehearse, provision = case.rehearse, case.provision
    expected = sum(len(keyspace.vschema.sequences) for keyspace in provision.body.keyspaces)
    checks = rehearse.body.sequences
    places = (rehearse.evidence("sequences"), provision.evidence("keyspaces"))
    if not expected:
        return Reading(0, "no table takes its values from a sequence", places)
    behind = [(at, check) for at, check in enumerate(checks) if not check.ahead]
    if behind:
        named = listed([f"{c.sequence} (next {c.next_value:,}, in use {c.max_value:,})" for _, c in behind])
        return Reading(
            len(behind),
            f"{len(behind)} would give out values already in use: {named}",
            tuple(rehearse.evidence("sequences", at, "next_value") for at, _ in behind),
        )
    if len(checks) < expected:
        return Reading(None, f"only {len(checks)} of {counted(expected, 'sequence')} looked at", places)
    return Reading(0, f"all {counted(expected, 'sequence')} ahead of every value in use", places)


def flowed_back(case: Case) -> Reading:
    return _yes(case, "flowed_back", "rows written after the switch reached the source", "did not reach the source")


def equal_after(case: Case) -> Reading:
    return _yes(case, "equal_after", "both sides were equal after the way back", "both sides differed afterwards")


def routing_restored(case: Case) -> Reading:
    return _yes(case, "routing_restored", "the routing is what it was before", "the routing is not what it was before")


def _yes(case: Case, field: str, said: str, denied: str) -> Reading:
    rehearse = case.rehearse
    value: bool = getattr(rehearse.body, field)
    return Reading(int(value), said if value else denied, (rehearse.evidence(field),))


def _no_traffic(rehearse: Exhibit[Rehearsal]) -> Reading:
    return Reading(None, "the rehearsal had no traffic", (rehearse.evidence("traffic", "transactions"),))
