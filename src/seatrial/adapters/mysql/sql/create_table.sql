-- The exact definition the target's table is made from.
SHOW CREATE TABLE {table}
