"""The accounts a trial needs on the sample, made as its owner would paste them."""

import secrets
from pathlib import Path

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.accounts import account, grants
from seatrial.domain.identifier import literal
from seatrial.domain.naming import Naming
from seatrial.parsing.option_file import parse
from seatrial.sample.server import Sample, write_private
from seatrial.sample.setup import DATABASE, ROOT

READER = "seatrial_reader"
MOVER = "seatrial_mover"


def make_accounts(sample: Sample, trial: str) -> Path:
    """Create the reading and the moving account with passwords of their own; the option file (0600) that holds
    them. May be repeated for another trial: the passwords stay, because a tablet may be using them."""
    wanted = grants(database=DATABASE, sidecar=Naming(trial).source_sidecar, reader=READER, mover=MOVER)
    path = sample.folder / "seatrial.cnf"
    known = parse(path.read_text(), str(path)) if path.exists() else {}
    passwords = {user: known.get(user, {}).get("password") or secrets.token_urlsafe(18) for user in (READER, MOVER)}
    with Connection(sample.login(ROOT, None)) as root:
        for user, password in passwords.items():
            root.execute(f"CREATE USER IF NOT EXISTS {account(user)}")
            root.execute(f"ALTER USER {account(user)} IDENTIFIED BY {literal(password)}")
        for grant in wanted:
            root.execute(grant.sql().removesuffix(";"))
    write_private(path, "".join(f"[{user}]\npassword={password}\n" for user, password in passwords.items()))
    return path
