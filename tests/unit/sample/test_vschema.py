"""The sample's VSchemas fit its schema, in the words of the real ones."""

import re

import pytest

from seatrial.domain.vschema import VSchema, VSchemas, parse
from seatrial.sample.load import schema_statements, vschema_folder

TENANT_TABLES_WITHOUT_SHOP_ID = {"shops"}


@pytest.fixture(scope="module")
def vschemas() -> VSchemas:
    return VSchemas({path.stem: parse(path.stem, path.read_bytes()) for path in vschema_folder().glob("*.json")})


@pytest.fixture(scope="module")
def tables() -> dict[str, str]:
    found = (re.match(r"CREATE TABLE (?:`([^`]+)`|(\w+)) \(", statement) for statement in schema_statements())
    return {match[1] or match[2]: match.string for match in found if match}


def test_there_is_one_vschema_for_each_role(vschemas: VSchemas) -> None:
    assert set(vschemas.roles) == {"sharded", "unsharded"}
    assert vschemas.roles["sharded"].sharded
    assert not vschemas.roles["unsharded"].sharded


def test_every_table_has_exactly_one_home(vschemas: VSchemas, tables: dict[str, str]) -> None:
    homes = [name for vschema in vschemas.roles.values() for name in vschema.held]
    assert sorted(homes) == sorted(tables)


def test_it_has_as_many_tables_as_a_small_business(tables: dict[str, str]) -> None:
    assert len(tables) >= 19


def test_what_carries_a_shop_is_sharded_by_it(vschemas: VSchemas, tables: dict[str, str]) -> None:
    sharded: VSchema = vschemas.roles["sharded"]
    for name in sharded.held:
        (vindex,) = sharded.tables[name].column_vindexes
        assert vindex.column == ("id" if name in TENANT_TABLES_WITHOUT_SHOP_ID else "shop_id")
    for name in vschemas.roles["unsharded"].held:
        assert "shop_id" not in tables[name]


def test_numbers_handed_out_by_the_server_come_from_sequences(vschemas: VSchemas, tables: dict[str, str]) -> None:
    for name in vschemas.roles["sharded"].held:
        entry = vschemas.roles["sharded"].tables[name]
        numbered = re.search(r"^  (\w+) .*AUTO_INCREMENT", tables[name], re.M)
        assert (entry.auto_increment.column if entry.auto_increment else None) == (numbered[1] if numbered else None)
        if entry.auto_increment:
            role, _, sequence = entry.auto_increment.sequence.partition(".")
            assert sequence in vschemas.roles[role].sequences


def test_shared_tables_are_written_in_one_place_and_read_in_all(vschemas: VSchemas) -> None:
    assert vschemas.roles["sharded"].materialised == {
        "currencies": "unsharded.currencies",
        "countries": "unsharded.countries",
    }


def test_the_sample_shows_what_a_mover_must_cope_with() -> None:
    text = "\n".join(schema_statements())
    for feature in (
        *("AUTO_INCREMENT", "DECIMAL", "JSON", "ENUM", "SET(", "DATETIME(6)", "TIMESTAMP(6)", "VIRTUAL", "STORED"),
        *(
            "BLOB",
            "VARBINARY",
            "BIT(",
            "BIGINT UNSIGNED",
            "INVISIBLE",
            "latin1_german1_ci",
            "VIEW",
            "`stock movements`",
        ),
    ):
        assert feature in text
    assert "FOREIGN KEY" not in text
    assert not re.search(r"\b(FLOAT|DOUBLE)\b", text)
