"""The registry: every check there is, in the order of a report. A check that is not listed here does not run."""

from seatrial.stages.assess.check import Check
from seatrial.stages.assess.checks import (
    binlog,
    columns,
    foreign_keys,
    gtid,
    keys,
    load,
    objects,
    platform,
    privileges,
    retention,
    role,
    session,
    tables,
    usage,
    version,
)

CHECKS: tuple[Check, ...] = (
    *version.CHECKS,
    *platform.CHECKS,
    *gtid.CHECKS,
    *binlog.CHECKS,
    *retention.CHECKS,
    *role.CHECKS,
    *session.CHECKS,
    *load.CHECKS,
    *privileges.CHECKS,
    *tables.CHECKS,
    *keys.CHECKS,
    *columns.CHECKS,
    *foreign_keys.CHECKS,
    *objects.CHECKS,
    *usage.CHECKS,
)
