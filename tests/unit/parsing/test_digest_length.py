"""A text that ends for want of room is told from one that ends."""

from seatrial.parsing.digest_length import is_full, kept_bytes, longest_name

ROOM = 1024


def conditions(count: int) -> str:
    return "SELECT `id` FROM `t` WHERE " + " AND ".join(["NAME != ?"] * count)


def test_room_is_counted_as_servers_count_it() -> None:
    """What MySQL 5.6.24 and MariaDB 10.11.18 kept of `CREATE TABLE wide (id int primary key, c0 int, c1 int, …)`."""
    columns = " , ".join(f"`c{number}` INTEGER" for number in range(92))
    mariadb = f"CREATE TABLE `wide` ( ID INTEGER PRIMARY KEY , {columns}"
    assert kept_bytes(mariadb) == ROOM
    columns = " , ".join(f"`c{number}` INTEGER" for number in range(91))
    mysql = f"CREATE TABLE `wide` ( `id` INTEGER PRIMARY KEY , {columns} ,"
    assert kept_bytes(mysql) == ROOM - 5
    longest = longest_name([mysql])
    assert longest == 4
    assert is_full(mariadb, ROOM, longest) and is_full(mysql, ROOM, longest)


def test_a_list_and_several_rows_are_one_each() -> None:
    assert kept_bytes("INSERT INTO `t` VALUES (...) /* , ... */") == 2 + 2 + 5 + 2 + 2 + 2
    assert kept_bytes("SELECT `数量` FROM `t` LIMIT ?, ...") == 2 + 10 + 2 + 5 + 2 + 2


def test_what_ends_like_a_statement_is_full_only_without_room_for_a_word() -> None:
    whole = conditions(125)
    assert ROOM - 30 < kept_bytes(whole) < ROOM - 2
    assert not is_full(whole, ROOM, 30)
    assert is_full(f"{whole} AND", ROOM, 30)
    assert is_full(whole, kept_bytes(whole) + 1, 30)


def test_short_texts_and_unknown_room_are_never_full() -> None:
    assert not is_full("SELECT ?", ROOM, 60)
    assert not is_full(conditions(400), 0, 60)
