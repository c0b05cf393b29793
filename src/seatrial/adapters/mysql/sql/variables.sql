-- Settings that decide whether an import can work. Secrets, hosts and accounts are redacted before anything is stored.
SHOW GLOBAL VARIABLES
