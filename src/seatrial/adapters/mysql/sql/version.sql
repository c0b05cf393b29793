-- The server's version decides which of these statements it understands; the account tells our connections from others.
SELECT VERSION() AS version, @@version_comment AS version_comment, USER() AS account
