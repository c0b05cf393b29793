"""The SQL we ask the source's owner to run: the least that works, and all of it taken back."""

from seatrial.domain.accounts import account, grants, pattern, to_paste, to_take_back

WANTED = grants(database="my_shop%", sidecar="_vt_acme", reader="reader", mover="mover")
DANGEROUS = {"DROP", "ALTER", "CREATE", "ALL", "SUPER", "FILE", "GRANT OPTION"}


def test_the_reader_may_only_look() -> None:
    may = {privilege for grant in WANTED if grant.user == "reader" for privilege in grant.privileges}
    assert not may & (DANGEROUS | {"INSERT", "UPDATE", "DELETE", "RELOAD", "LOCK TABLES"})


def test_the_mover_can_neither_drop_nor_alter_the_customers_tables() -> None:
    for grant in WANTED:
        if grant.user == "mover" and grant.database != pattern("_vt_acme"):
            assert not set(grant.privileges) & DANGEROUS


def test_everything_is_granted_on_one_database_only_by_its_escaped_name() -> None:
    assert pattern("my_shop%") == r"my\_shop\%"
    assert r"ON `my\_shop\%`.*" in to_paste(WANTED)
    assert "`my_shop" not in to_paste(WANTED)


def test_every_grant_says_why() -> None:
    lines = [line for line in to_paste(WANTED).splitlines() if line.startswith("GRANT")]
    assert len(lines) == len(WANTED)
    assert all(" -- " in line and line.partition(" -- ")[2].strip() for line in lines)


def test_a_privilege_that_older_servers_do_not_know_takes_no_other_with_it() -> None:
    assert [grant.privileges for grant in WANTED if "SHOW_ROUTINE" in grant.privileges] == [("SHOW_ROUTINE",)]


def test_no_password_is_made_up() -> None:
    assert to_paste(WANTED).count("IDENTIFIED BY 'CHOOSE-A-PASSWORD'") == 2


def test_all_accounts_and_the_sidecar_are_taken_back() -> None:
    sql = to_take_back(WANTED, "_vt_acme")
    assert sql == (
        "DROP DATABASE IF EXISTS `_vt_acme`;\nDROP USER IF EXISTS 'reader'@'%';\nDROP USER IF EXISTS 'mover'@'%';\n"
    )


def test_an_accounts_name_cannot_break_out_of_its_quotes() -> None:
    assert "x' OR" not in account("x' OR '1")
