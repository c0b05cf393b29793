"""Tables as a whole: engines, character sets, partitions, names, number."""

from seatrial.domain.evidence import pointer
from seatrial.domain.finding import Outcome
from seatrial.domain.identifier import quote
from seatrial.domain.question import Question
from seatrial.stages.assess.check import Answer, Case, Check, blocks, counted, named, passed, warns


def _empty(case: Case) -> Answer:
    at = pointer("schema", "tables")
    if not case.tables:
        return blocks(f"the database {case.collection.schema.database!r} has no table", at)
    return passed(f"{counted(len(case.tables), 'table')} to move", at)


def _engine(case: Case) -> Answer:
    affected = [table for table in case.tables if table.engine.upper() != str(case.rule.limits["engine"]).upper()]
    if not affected:
        return passed("every table is InnoDB")
    engines = sorted({table.engine or "none" for table in affected})
    return blocks(
        f"{counted(len(affected), 'table')} of another engine: {named(engines)}",
        *case.at_tables(affected),
        subjects=[table.name for table in affected],
        remedy=" ".join(f"ALTER TABLE {quote(table.name)} ENGINE = InnoDB;" for table in affected[:10]),
    )


def _charset(case: Case) -> Answer:
    allowed = set(case.rule.words("charsets"))
    foreign = [(at, t, c) for at, t, c in case.columns if c.charset is not None and c.charset not in allowed]
    mariadb = [
        (at, t, c)
        for at, t, c in case.columns
        if c.collation is not None and any(word in c.collation for word in case.rule.words("mariadb_only"))
    ]
    if mariadb:
        found = sorted({column.collation or "" for _, _, column in mariadb})
        return blocks(
            f"collations that MySQL does not have: {named(found)}",
            *(at for at, _, _ in mariadb),
            subjects=[f"{table.name}.{column.name}" for _, table, column in mariadb],
        )
    if foreign:
        found = sorted({column.charset or "" for _, _, column in foreign})
        return warns(
            f"{counted(len(foreign), 'column')} in {named(found)}",
            *(at for at, _, _ in foreign),
            subjects=[f"{table.name}.{column.name}" for _, table, column in foreign],
        )
    return passed(f"every column is in one of {', '.join(sorted(allowed))}")


def _partitions(case: Case) -> Answer:
    case.answered(Question.PARTITIONS)
    split = [table for table in case.tables if table.partitioning]
    refused = [t for t in split if "/" in t.partitioning or t.partitioning.upper() in case.rule.words("refused")]
    doubtful = [t for t in split if t.partitioning.upper() in case.rule.words("doubtful")]
    subjects = [f"{table.name} ({table.partitioning})" for table in (refused or doubtful)]
    if refused:
        detail = f"{counted(len(refused), 'table')} partitioned by LIST or with subpartitions: some platforms refuse it"
        return warns(detail, *case.at_tables(refused), subjects=subjects)
    if doubtful:
        detail = (
            f"{counted(len(doubtful), 'table')} partitioned by HASH or KEY, on which the vendor's own pages disagree"
        )
        return warns(detail, *case.at_tables(doubtful), subjects=subjects)
    return passed("no table is partitioned" if not split else "partitioned tables use RANGE only")


def _limits(case: Case) -> Answer:
    views = sum(1 for one in case.collection.schema.stored_objects if one.kind == "view")
    number, at = len(case.tables) + views, pointer("schema", "tables")
    wide = [table for table in case.tables if len(table.columns) > case.rule.number("columns")]
    if wide:
        detail = f"{counted(len(wide), 'table')} with more than {case.rule.number('columns'):,.0f} columns"
        return blocks(detail, *case.at_tables(wide), subjects=[table.name for table in wide])
    if number > case.rule.number("many_tables"):
        return warns(f"{number:,} tables and views: reading the schema may time out in Vitess", at)
    if number > case.rule.number("tables"):
        return warns(f"{number:,} tables and views: some platforms allow {case.rule.number('tables'):,.0f}", at)
    return passed(f"{counted(number, 'table or view', 'tables and views')}", at)


def _names(case: Case) -> Answer:
    strange = [table for table in case.tables if not table.name.isascii()]
    if not strange:
        return passed("every table's name is ASCII")
    return warns(
        f"{counted(len(strange), 'table')} whose name is not ASCII: Vitess copied such tables, some platforms "
        "refuse them",
        *case.at_tables(strange),
        subjects=[table.name for table in strange],
    )


CHECKS = (
    Check(
        code="SCH-EMPTY",
        title="There is something to move",
        why="An import of no table is refused; most often the database's name is wrong or the account sees nothing.",
        outcomes={Outcome.BLOCK: "the database has no table, or none this account may see"},
        remedy="Check the database in the source's address and the account's privileges on it.",
        look=_empty,
    ),
    Check(
        code="SCH-ENGINE",
        title="Every table is InnoDB",
        why="A copy that is consistent while writes go on needs a snapshot, which only InnoDB gives.",
        outcomes={Outcome.BLOCK: "a table of another engine"},
        remedy="ALTER TABLE … ENGINE = InnoDB; or leave the table out of the import.",
        look=_engine,
    ),
    Check(
        code="SCH-CHARSET",
        title="Character sets are ones that Vitess knows",
        why=(
            "vtgate compares, sorts and hashes text by itself where shards are involved: it must know each column's "
            "character set and collation."
        ),
        outcomes={
            Outcome.BLOCK: "a collation that exists only in MariaDB",
            Outcome.WARN: "a column in a character set other than utf8mb4, utf8mb3, latin1, ascii or binary",
        },
        remedy="ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4; after a look at index lengths.",
        look=_charset,
    ),
    Check(
        code="SCH-PART",
        title="Partitioning is of a kind that is accepted",
        why=(
            "Shards divide a table already; some platforms refuse kinds of partitioning that online schema "
            "changes break."
        ),
        outcomes={
            Outcome.WARN: "LIST, HASH or KEY partitions, or subpartitions; the vendor's pages disagree on HASH and KEY"
        },
        remedy="ALTER TABLE … REMOVE PARTITIONING; if the target is such a platform, or once shards do the dividing.",
        look=_partitions,
    ),
    Check(
        code="SCH-LIMITS",
        title="The schema is not too large",
        why="Tablets load the whole schema, and reload it on each change.",
        outcomes={
            Outcome.BLOCK: "a table with more than 1,017 columns",
            Outcome.WARN: "more than 2,048 tables and views",
        },
        remedy="Split the database into several keyspaces; leave unused tables out.",
        look=_limits,
    ),
    Check(
        code="SCH-NAMES",
        title="Tables have ASCII names",
        why="Vendors' pages refuse other names; Vitess itself moved tables named in Chinese and with blanks.",
        outcomes={Outcome.WARN: "a table's name has characters outside ASCII; the sources disagree, both are listed"},
        remedy="Nothing on Vitess itself. For a platform that refuses them: RENAME TABLE, with the application.",
        look=_names,
    ),
)
