"""`seatrial observe`."""

import signal
import threading

import click

from seatrial.cli.desk import Desk, over_dossier
from seatrial.cli.live import live
from seatrial.cli.output import print_json
from seatrial.domain.workload import Digest
from seatrial.trial.observing import observing

_SHOWN = 12


@click.command()
@over_dossier
@click.option("--seconds", type=click.FloatRange(1, 86_400), help="For how long; without it, until Ctrl-C.")
def observe(desk: Desk, seconds: float | None) -> None:
    """Listen to the target's vtgate while somebody uses it, and digest what it executed: literals are not stored.

    \b
      seatrial observe -d acme --seconds 60
    """
    enough = threading.Event()
    with live(quiet=desk.as_json) as tell:

        def stop(*_: object) -> None:
            if enough.is_set():
                tell.stop()
            enough.set()  # the first Ctrl-C ends the listening, and its digest is kept

        signal.signal(signal.SIGINT, stop)
        observed: Digest = desk.run(observing(seconds, enough.is_set), tell).body
    if desk.as_json:
        print_json(observed)
        return
    click.echo(
        f"{observed.events:,} statements of {observed.connections:,} connections in {observed.seconds:,.1f} s, "
        f"{observed.errors:,} failed"
    )
    for query in observed.classes[:_SHOWN]:
        shards = query.shard_queries / query.count if query.count else 0
        click.echo(
            f"{query.count:>8,} × p50 {query.times.p50_us / 1000:>8.2f} ms, p99 {query.times.p99_us / 1000:>8.2f} ms, "
            f"{shards:.1f} shards, {query.errors:,} failed  {query.fingerprint[:80]}"
        )
    for caveat in observed.caveats:
        click.echo(f"! {caveat}")
