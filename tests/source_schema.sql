CREATE DATABASE `shöp ``q` CHARACTER SET utf8mb4;
USE `shöp ``q`;
CREATE TABLE customers (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(100) NOT NULL,
  note TEXT,
  born DATE DEFAULT '2000-01-01',
  UNIQUE KEY by_email (email(20))
) COMMENT 'one row a customer';
CREATE TABLE orders (
  id BIGINT NOT NULL PRIMARY KEY,
  customer_id BIGINT UNSIGNED,
  state ENUM('new','paid') NOT NULL DEFAULT 'new',
  CONSTRAINT to_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE
);
CREATE TABLE documents (
  id INT NOT NULL PRIMARY KEY,
  body JSON,
  kind VARCHAR(20) GENERATED ALWAYS AS (json_unquote(json_extract(body, '$.kind'))) VIRTUAL,
  twice INT GENERATED ALWAYS AS (id * 2) STORED,
  hidden INT INVISIBLE,
  KEY by_expression ((id + 1)),
  FULLTEXT KEY words (title),
  title VARCHAR(50)
);
CREATE TABLE measured (at_height FLOAT NOT NULL PRIMARY KEY);
CREATE TABLE keyless (a INT, b VARCHAR(10));
CREATE TABLE by_hash (id INT NOT NULL PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 4;
CREATE TABLE `订单 备注``q` (id INT NOT NULL PRIMARY KEY, `备注` VARCHAR(5) CHARACTER SET latin1);
CREATE TABLE old_engine (a INT NOT NULL PRIMARY KEY) ENGINE = MyISAM;
CREATE VIEW names AS SELECT id, email FROM customers WHERE note <> 'planted literal';
CREATE DEFINER = planted_definer@`planted.example` TRIGGER touch BEFORE INSERT ON orders FOR EACH ROW SET NEW.id = NEW.id;
CREATE DEFINER = planted_definer@`planted.example` PROCEDURE greet() SELECT 'planted literal';
CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO SELECT 'planted literal';
CREATE DATABASE _vt_left_over;
