-- What this account may do, roles in force included; only privilege names are kept.
SHOW GRANTS
