-- Whether this server is a replica, and how far behind (MariaDB's name). Hosts, accounts and error texts are dropped.
SHOW ALL SLAVES STATUS
