"""Which database the traffic goes to: a sample by name, or any address that speaks MySQL."""

from seatrial.adapters.mysql.client import Login
from seatrial.domain.address import SourceAddress
from seatrial.domain.secret import Secret
from seatrial.sample.server import Sample
from seatrial.sample.setup import APP


def resolve(via: str, password: Secret | None = None) -> Login:
    """Read `sample:NAME` or `mysql://user@host:port[/database]`; no database suits a vtgate, which finds tables itself.

    A sample knows its application's password; for an address it is the one given, or none.
    """
    if via.startswith("sample:"):
        return Sample(via.removeprefix("sample:")).login(APP)
    return Login.to_source(SourceAddress.parse(via, database_needed=False), password)
