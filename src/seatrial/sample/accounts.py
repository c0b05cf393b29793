"""The accounts a trial needs on the sample, made as its owner would paste them."""

import secrets
from pathlib import Path

from seatrial.adapters.mysql.client import Connection
from seatrial.domain.accounts import account, grants
from seatrial.domain.naming import Naming
from seatrial.sample.server import DATABASE, ROOT, Sample, write_private

READER = "seatrial_reader"
MOVER = "seatrial_mover"


def make_accounts(sample: Sample, trial: str) -> Path:
    """Create the reading and the moving account with passwords of their own; the option file (0600) that holds
    them. May be repeated: passwords change, the file follows."""
    wanted = grants(database=DATABASE, sidecar=Naming(trial).source_sidecar, reader=READER, mover=MOVER)
    passwords = {user: secrets.token_urlsafe(18) for user in (READER, MOVER)}
    with Connection(sample.login(ROOT, None)) as root:
        for user, password in passwords.items():
            root.execute(f"CREATE USER IF NOT EXISTS {account(user)} IDENTIFIED BY %s", (password,))
            root.execute(f"ALTER USER {account(user)} IDENTIFIED BY %s", (password,))
        for grant in wanted:
            root.execute(grant.sql().removesuffix(";"))
    path = sample.folder / "seatrial.cnf"
    write_private(path, "".join(f"[{user}]\npassword={password}\n" for user, password in passwords.items()))
    return path
