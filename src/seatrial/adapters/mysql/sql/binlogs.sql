-- The binary logs still kept and their sizes: how long a copy may take. Asked twice, for the rate they grow at.
SHOW BINARY LOGS
