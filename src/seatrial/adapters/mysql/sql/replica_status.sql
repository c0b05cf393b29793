-- Whether this server is a replica, and how far behind. Hosts, accounts and error texts in the answer are dropped.
SHOW REPLICA STATUS
