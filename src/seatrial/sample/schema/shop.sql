-- The sample business: a platform on which many shops sell. One database, one statement a paragraph.
-- Tenant tables carry shop_id; currencies and countries are shared by all; platform_* belong to no shop.

CREATE TABLE shops (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(120) NOT NULL,
  domain VARCHAR(80) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
  country CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  plan ENUM('starter', 'growth', 'enterprise') NOT NULL DEFAULT 'starter',
  features SET('gift cards', 'subscriptions', 'multi-language', 'Abholung in der Nähe') NOT NULL DEFAULT '',
  settings JSON NOT NULL,
  is_open BIT(1) NOT NULL DEFAULT b'1',
  opened_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY by_domain (domain)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE customers (
  shop_id BIGINT UNSIGNED NOT NULL,
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  email VARCHAR(120) NOT NULL,
  given_name VARCHAR(60) NOT NULL,
  family_name VARCHAR(60) NOT NULL,
  full_name VARCHAR(121) GENERATED ALWAYS AS (CONCAT(given_name, ' ', family_name)) VIRTUAL,
  email_domain VARCHAR(120) GENERATED ALWAYS AS (SUBSTRING_INDEX(email, '@', -1)) STORED,
  locale VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  country CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  birthday DATE NULL,
  consents SET('mail', 'sms', 'gedruckte Post', 'push') NOT NULL DEFAULT '',
  points INT UNSIGNED NOT NULL DEFAULT 0,
  signed_up_at DATETIME(6) NOT NULL,
  import_batch SMALLINT UNSIGNED NOT NULL DEFAULT 0 INVISIBLE,
  PRIMARY KEY (shop_id, id),
  UNIQUE KEY by_email (shop_id, email),
  KEY by_id (id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE products (
  shop_id BIGINT UNSIGNED NOT NULL,
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  sku VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  title VARCHAR(160) NOT NULL,
  description TEXT NOT NULL,
  price DECIMAL(12, 2) NOT NULL,
  price_minor BIGINT GENERATED ALWAYS AS (price * 100) STORED,
  attributes JSON NOT NULL,
  colour VARCHAR(30) GENERATED ALWAYS AS (attributes ->> '$.colour') VIRTUAL,
  status ENUM('draft', 'on sale', 'sold out', 'withdrawn') NOT NULL DEFAULT 'on sale',
  weight_g INT UNSIGNED NOT NULL,
  picture BLOB NULL,
  changed_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (shop_id, id),
  UNIQUE KEY by_sku (shop_id, sku),
  KEY by_id (id),
  KEY by_title (shop_id, title(20))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE `库存` (
  shop_id BIGINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  `数量` INT NOT NULL,
  reserved INT UNSIGNED NOT NULL DEFAULT 0,
  shelf VARCHAR(20) COLLATE utf8mb4_zh_0900_as_cs NOT NULL DEFAULT '',
  changed_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (shop_id, product_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE `stock movements` (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  shop_id BIGINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  delta INT NOT NULL,
  reason ENUM('sale', 'restock', 'return', 'stocktaking', 'transfer') NOT NULL,
  moved_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY by_product (shop_id, product_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE orders (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  shop_id BIGINT UNSIGNED NOT NULL,
  customer_id BIGINT UNSIGNED NOT NULL,
  status ENUM('placed', 'paid', 'shipped', 'cancelled') NOT NULL DEFAULT 'placed',
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  total DECIMAL(14, 2) NOT NULL,
  per_eur DECIMAL(20, 8) NOT NULL,
  shipping JSON NOT NULL,
  note VARCHAR(300) NULL,
  client_ip VARBINARY(16) NULL,
  placed_at DATETIME(6) NOT NULL,
  placed_on DATE GENERATED ALWAYS AS (CAST(placed_at AS DATE)) STORED,
  PRIMARY KEY (id),
  KEY by_customer (shop_id, customer_id, id),
  KEY by_status (shop_id, status, id),
  KEY by_day (shop_id, placed_on)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE order_lines (
  shop_id BIGINT UNSIGNED NOT NULL,
  order_id BIGINT UNSIGNED NOT NULL,
  line_no SMALLINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  unit_price DECIMAL(12, 2) NOT NULL,
  amount DECIMAL(14, 2) GENERATED ALWAYS AS (unit_price * quantity) VIRTUAL,
  PRIMARY KEY (shop_id, order_id, line_no),
  KEY by_product (shop_id, product_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE payments (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  shop_id BIGINT UNSIGNED NOT NULL,
  order_id BIGINT UNSIGNED NOT NULL,
  method ENUM('card', 'transfer', 'wallet', 'cash, on delivery') NOT NULL,
  amount DECIMAL(14, 2) NOT NULL,
  fee DECIMAL(12, 4) NOT NULL DEFAULT 0,
  reference BINARY(16) NOT NULL,
  flags BIT(8) NOT NULL DEFAULT b'0',
  captured_at TIMESTAMP(6) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_order (shop_id, order_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- No primary key, only a unique one: such tables are common, and movers treat them in their own way.
CREATE TABLE shipments (
  shop_id BIGINT UNSIGNED NOT NULL,
  order_id BIGINT UNSIGNED NOT NULL,
  parcel TINYINT UNSIGNED NOT NULL,
  carrier VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL,
  tracking VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state ENUM('packed', 'on its way', 'delivered', 'returned') NOT NULL DEFAULT 'packed',
  shipped_at DATETIME(6) NOT NULL,
  UNIQUE KEY by_parcel (shop_id, order_id, parcel)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE carts (
  shop_id BIGINT UNSIGNED NOT NULL,
  session BINARY(16) NOT NULL,
  customer_id BIGINT UNSIGNED NULL,
  items JSON NOT NULL,
  value DECIMAL(14, 2) NOT NULL,
  touched_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (shop_id, session),
  KEY by_touch (touched_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE gift_cards (
  shop_id BIGINT UNSIGNED NOT NULL,
  code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customer_id BIGINT UNSIGNED NULL,
  issued DECIMAL(10, 2) NOT NULL,
  balance DECIMAL(10, 2) NOT NULL,
  expires_on DATE NOT NULL,
  used_at DATETIME(3) NULL,
  PRIMARY KEY (shop_id, code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- Stock that went from one shop to another: the row is the sender's, and the receiver looks it up, too.
CREATE TABLE transfers (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  shop_id BIGINT UNSIGNED NOT NULL,
  to_shop_id BIGINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  quantity INT UNSIGNED NOT NULL,
  moved_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY by_sender (shop_id, id),
  KEY by_receiver (to_shop_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE reviews (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  shop_id BIGINT UNSIGNED NOT NULL,
  product_id BIGINT UNSIGNED NOT NULL,
  customer_id BIGINT UNSIGNED NOT NULL,
  rating TINYINT UNSIGNED NOT NULL,
  title VARCHAR(120) COLLATE utf8mb4_0900_as_cs NOT NULL,
  body TEXT NULL,
  written_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY by_product (shop_id, product_id, rating)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_unicode_ci;

CREATE TABLE audit_log (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  shop_id BIGINT UNSIGNED NOT NULL,
  actor VARCHAR(60) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL,
  action VARCHAR(40) NOT NULL,
  detail JSON NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY by_time (shop_id, at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- Every request that writes for a shop leaves exactly one row here, under a token its client made.
CREATE TABLE request_log (
  shop_id BIGINT UNSIGNED NOT NULL,
  token BINARY(16) NOT NULL,
  kind VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (shop_id, token)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE currencies (
  code CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(60) NOT NULL,
  per_eur DECIMAL(20, 8) NOT NULL,
  minor_digits TINYINT UNSIGNED NOT NULL,
  changed_at DATETIME(6) NOT NULL,
  PRIMARY KEY (code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE countries (
  code CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(60) NOT NULL,
  native_name VARCHAR(60) NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  vat DECIMAL(6, 4) NOT NULL,
  PRIMARY KEY (code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE TABLE platform_settings (
  name VARCHAR(60) NOT NULL,
  value JSON NOT NULL,
  changed_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (name)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

-- What request_log is for shops, this is for the platform's own acts.
CREATE TABLE platform_events (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  token BINARY(16) NOT NULL,
  kind VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  detail JSON NULL,
  at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY by_token (token)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_0900_ai_ci;

CREATE SQL SECURITY INVOKER VIEW open_orders AS
  SELECT o.id, o.shop_id, o.customer_id, o.status, o.total, o.currency, o.placed_at
  FROM orders o
  WHERE o.status IN ('placed', 'paid');
