-- Run once, while a data folder is made: the accounts Vitess's programs use, reachable by the socket only.
SET sql_log_bin = 0;
CREATE USER 'vt_dba'@'localhost';
GRANT ALL ON *.* TO 'vt_dba'@'localhost' WITH GRANT OPTION;
GRANT PROXY ON ''@'' TO 'vt_dba'@'localhost' WITH GRANT OPTION;
CREATE USER 'vt_app'@'localhost', 'vt_appdebug'@'localhost', 'vt_allprivs'@'localhost', 'vt_filtered'@'localhost', 'vt_repl'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, FILE, REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER ON *.* TO 'vt_app'@'localhost', 'vt_allprivs'@'localhost', 'vt_filtered'@'localhost';
GRANT REPLICATION SLAVE ON *.* TO 'vt_allprivs'@'localhost', 'vt_filtered'@'localhost', 'vt_repl'@'localhost';
GRANT SELECT, SHOW DATABASES, PROCESS ON *.* TO 'vt_appdebug'@'localhost';
