-- An application's database with something of everything that a backup must carry.
CREATE ROLE app LOGIN PASSWORD 'app secret';
CREATE ROLE app_reader LOGIN PASSWORD 'reader secret' CONNECTION LIMIT 5;
CREATE ROLE reporting NOLOGIN;
CREATE ROLE "Jane ""JD"" O'Doe" LOGIN IN ROLE reporting;
GRANT reporting TO app_reader;
COMMENT ON ROLE app IS 'owns the application''s database';

CREATE DATABASE app OWNER app;
ALTER DATABASE app SET statement_timeout = '10min';
ALTER ROLE app_reader IN DATABASE app SET search_path = reports, public;
\connect app

CREATE EXTENSION pg_trgm;
CREATE EXTENSION citext;
CREATE SCHEMA reports AUTHORIZATION reporting;
GRANT CREATE ON SCHEMA public TO app;

SET ROLE app;
CREATE TYPE mood AS ENUM ('calm', 'busy', 'on fire');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);

CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email citext NOT NULL UNIQUE,
  name text NOT NULL,
  mood mood NOT NULL DEFAULT 'calm',
  born date,
  settings jsonb NOT NULL DEFAULT '{}',
  avatar bytea,
  tags text[],
  created_at timestamptz NOT NULL
);
INSERT INTO users (email, name, mood, born, settings, avatar, tags, created_at)
SELECT 'user' || n || '@example.org', 'Zoë ' || n || E'\t"quoted"\\\n', (enum_range(NULL::mood))[1 + n % 3],
       CASE WHEN n % 7 > 0 THEN date '1950-01-01' + n % 20000 END, jsonb_build_object('theme', n % 5, 'ratio', n / 7.0),
       decode(md5(n::text), 'hex'), CASE WHEN n % 3 > 0 THEN ARRAY['t' || n, NULL, ''] END,
       timestamptz '2025-01-01 00:00:00+00' + n * interval '1 minute 1 microsecond'
FROM generate_series(1, 50000) AS n;
CREATE INDEX users_name_trgm ON users USING gin (name gin_trgm_ops);

CREATE TABLE orders (
  id bigint NOT NULL,
  user_id bigint NOT NULL REFERENCES users,
  quantity positive NOT NULL,
  price numeric(12, 2) NOT NULL,
  total numeric GENERATED ALWAYS AS (quantity * price) STORED,
  weight double precision,
  placed timestamp NOT NULL,
  PRIMARY KEY (id, placed)
) PARTITION BY RANGE (placed);
CREATE TABLE orders_2024 PARTITION OF orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE orders_2025 PARTITION OF orders FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO orders (id, user_id, quantity, price, weight, placed)
SELECT n, 1 + n % 50000, 1 + n % 9, n / 100.0, CASE n % 1000 WHEN 0 THEN 'NaN' ELSE sqrt(n) END,
       timestamp '2024-01-01' + n * interval '12 minutes'
FROM generate_series(1, 60000) AS n;

CREATE TABLE "Order ""Lines"" of 2025; --" ("Line No." integer PRIMARY KEY, "select" text, "Größe" interval);
INSERT INTO "Order ""Lines"" of 2025; --" SELECT n, 'line ' || n, n * interval '1 hour' FROM generate_series(1, 5000) AS n;
CREATE TABLE nothing_yet (id uuid PRIMARY KEY DEFAULT gen_random_uuid());
CREATE UNLOGGED TABLE sessions (token text PRIMARY KEY);
INSERT INTO sessions SELECT md5(n::text) FROM generate_series(1, 100) AS n;

CREATE SEQUENCE invoice_number START 1000 INCREMENT 10;
SELECT setval('invoice_number', 424240);
CREATE VIEW busy_users AS SELECT id, email FROM users WHERE mood = 'busy';
CREATE FUNCTION user_count() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM public.users';
CREATE FUNCTION keep_email() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.email IS DISTINCT FROM OLD.email THEN
    RAISE EXCEPTION 'the address of user % stays', OLD.id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER keep_email BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION keep_email();
SELECT lo_from_bytea(0, convert_to('a large object', 'UTF8'));

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY adults ON users FOR SELECT TO app_reader USING (born < date '2007-01-01');
GRANT SELECT ON users, orders TO app_reader, reporting;
GRANT SELECT (id, name), UPDATE (mood) ON users TO "Jane ""JD"" O'Doe";
ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO app_reader;
RESET ROLE;

CREATE MATERIALIZED VIEW reports.monthly AS
  SELECT date_trunc('month', placed) AS month, count(*) AS orders, sum(total) AS total FROM orders GROUP BY 1;
CREATE TABLE reports.log (at timestamptz NOT NULL, line text);
INSERT INTO reports.log SELECT timestamptz '2025-06-01 00:00:00+02' + n * interval '1 second', repeat(md5(n::text), 3)
FROM generate_series(1, 20000) AS n;
ALTER MATERIALIZED VIEW reports.monthly OWNER TO reporting;
ALTER TABLE reports.log OWNER TO reporting;
