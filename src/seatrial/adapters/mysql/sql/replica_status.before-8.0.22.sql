-- Whether this server is a replica, and how far behind (the name before 8.0.22). Hosts, accounts and error texts are dropped.
SHOW SLAVE STATUS
