"""What of a workload breaks a target's limits, as lines for the terminal and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct

from seatrial.cli.digest_table import text_of
from seatrial.domain.forecast import Breach, Limit, forecast
from seatrial.domain.workload import Digest
from seatrial.facts.limits import Limits
from seatrial.report import words
from seatrial.report.plain import fitted
from seatrial.report.workload_limits import amount, how_often
from seatrial.stages.digest.views import id_length

_MOST = 12


class Forecast(Struct, frozen=True, kw_only=True):
    """The breaches of one profile of limits."""

    profile: str
    title: str
    source: str
    checked_on: date
    breaches: tuple[Breach, ...]


def forecasts(digest: Digest, profiles: Mapping[str, Limits]) -> list[Forecast]:
    return [
        Forecast(
            profile=name,
            title=limits.title,
            source=limits.source,
            checked_on=limits.checked_on,
            breaches=forecast(digest, limits.bounds),
        )
        for name, limits in profiles.items()
    ]


def told(digest: Digest, made: Sequence[Forecast], width: int) -> Iterator[str]:
    """A paragraph a profile; one line for those that nothing breaks."""
    if kept := [each for each in made if not each.breaches]:
        yield f"Nothing here breaks a limit of {', '.join(f'{each.profile} ({each.title})' for each in kept)}."
    digits = id_length(digest)
    for each in made:
        if not each.breaches:
            continue
        yield f"Limits of {each.profile} ({each.title}, looked at {each.checked_on}) that would be broken:"
        for breach in each.breaches[:_MOST]:
            said = (
                f"  {breach.id[:digits]}  {breach.limit} above {amount(breach.limit, breach.bound)}: "
                f"{how_often(breach)}, the most {'about ' if breach.estimated else ''}"
                f"{amount(breach.limit, breach.most)}  {_what(digest, breach)}"
            )
            yield fitted(said, width)
        if (more := len(each.breaches) - _MOST) > 0:
            yield f"  and {more:,} more: --json has them all"


def _what(digest: Digest, breach: Breach) -> str:
    if breach.limit is Limit.TRANSACTION_TIME:
        queries = digest.transactions[breach.at].queries
        return words.safe(f"transaction of {len(queries):,} statements")
    return text_of(digest.classes[breach.at])
