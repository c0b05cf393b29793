"""When two tables are made alike, and by what their rows are told apart."""

import pytest

from seatrial.domain.schema import Column, Index, IndexPart, Table, same_definition

DDL = (
    "CREATE TABLE `orders` (\n  `id` bigint unsigned NOT NULL AUTO_INCREMENT,\n  `note` varchar(200) DEFAULT NULL,\n"
    "  PRIMARY KEY (`id`)\n) ENGINE=InnoDB AUTO_INCREMENT=4711 DEFAULT CHARSET=utf8mb4"
)


@pytest.mark.parametrize(
    "other",
    [
        DDL,
        DDL.replace("4711", "9"),
        DDL.replace(" AUTO_INCREMENT=4711", ""),
        DDL.replace("bigint unsigned", "bigint(20) unsigned"),
        DDL.replace("\n", " "),
    ],
)
def test_the_same_table(other: str) -> None:
    assert same_definition(DDL, other)


def test_a_collation_says_its_character_set() -> None:
    short = DDL.replace("varchar(200)", "varchar(200) COLLATE utf8mb4_unicode_ci")
    long = DDL.replace("varchar(200)", "varchar(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    assert same_definition(short, long)
    assert not same_definition(short, DDL)


@pytest.mark.parametrize(
    "other",
    [
        DDL.replace("varchar(200)", "varchar(100)"),
        DDL.replace("bigint", "int"),
        DDL.replace(" unsigned", ""),
        DDL.replace(" NOT NULL AUTO_INCREMENT", " NOT NULL"),
        DDL.replace("utf8mb4", "latin1"),
        DDL.replace("`note`", "`Note`"),
        DDL.replace("varchar(200) DEFAULT NULL", "decimal(10,2) DEFAULT NULL"),
    ],
)
def test_another_table(other: str) -> None:
    assert not same_definition(DDL, other)


def column(name: str, *, nullable: bool = False, generated: str = "") -> Column:
    return Column(name=name, type="bigint", data_type="bigint", nullable=nullable, generated=generated)


def index(name: str, *parts: str, unique: bool = True, prefix: int | None = None) -> Index:
    return Index(name=name, unique=unique, parts=tuple(IndexPart(column=p or None, prefix=prefix) for p in parts))


def table(*indexes: Index) -> Table:
    return Table(
        name="t",
        engine="InnoDB",
        collation=None,
        rows_estimate=0,
        data_bytes=0,
        index_bytes=0,
        columns=(column("a"), column("b"), column("maybe", nullable=True), column("made", generated="virtual")),
        indexes=indexes,
    )


@pytest.mark.parametrize(
    ("indexes", "identity"),
    [
        ((index("u", "b"), index("PRIMARY", "a")), ("a",)),
        ((index("u", "b", "a"),), ("b", "a")),
        ((index("k", "b", unique=False), index("u", "a")), ("a",)),
        ((index("nullable", "maybe"), index("u", "b")), ("b",)),
        ((index("prefix", "a", prefix=10), index("u", "b")), ("b",)),
        ((index("expression", ""), index("u", "b")), ("b",)),
    ],
)
def test_rows_are_told_apart_by_the_primary_key_else_a_fit_unique_key(
    indexes: tuple[Index, ...], identity: tuple[str, ...]
) -> None:
    assert table(*indexes).identity is not None
    assert table(*indexes).identity_columns == identity


@pytest.mark.parametrize("indexes", [(), (index("k", "a", unique=False),), (index("u", "maybe"),)])
def test_without_a_fit_key_all_stored_columns_stand_in(indexes: tuple[Index, ...]) -> None:
    assert table(*indexes).identity is None
    assert table(*indexes).identity_columns == ("a", "b", "maybe")


def test_columns_are_found_in_any_case() -> None:
    assert table().column("MAYBE").name == "maybe"
    with pytest.raises(KeyError):
        table().column("gone")
