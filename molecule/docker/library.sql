-- Tables as Rails makes them.
CREATE EXTENSION pgcrypto;
CREATE TABLE schema_migrations (version varchar PRIMARY KEY);
INSERT INTO schema_migrations SELECT 20250101000000 + n FROM generate_series(1, 40) AS n;
CREATE TABLE ar_internal_metadata (
  key varchar PRIMARY KEY, value varchar, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL
);
INSERT INTO ar_internal_metadata VALUES ('environment', 'production', '2025-01-01', '2025-01-01');

CREATE TABLE users (
  id bigserial PRIMARY KEY,
  email varchar NOT NULL DEFAULT '',
  encrypted_password varchar NOT NULL DEFAULT '',
  role integer NOT NULL DEFAULT 0,
  created_at timestamp(6) NOT NULL,
  updated_at timestamp(6) NOT NULL
);
INSERT INTO users (email, encrypted_password, role, created_at, updated_at)
SELECT 'teacher' || n || '@example.org', md5(n::text), n % 4, timestamp '2025-01-01' + n * interval '1 minute',
       timestamp '2025-06-01' + n * interval '1 second'
FROM generate_series(1, 50000) AS n;
CREATE UNIQUE INDEX index_users_on_email ON users (email);

CREATE TABLE curricula (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
  title varchar NOT NULL,
  body text,
  metadata jsonb NOT NULL DEFAULT '{}',
  price numeric(10, 2),
  published_on date
);
INSERT INTO curricula (user_id, title, body, metadata, price, published_on)
SELECT 1 + n % 50000, 'Größenlehre ' || n, repeat(md5(n::text) || E'\n', 10), jsonb_build_object('grade', n % 13),
       n / 100.0, CASE WHEN n % 5 > 0 THEN date '2024-01-01' + n % 700 END
FROM generate_series(1, 30000) AS n;
CREATE INDEX index_curricula_on_user_id ON curricula (user_id);

CREATE TABLE "Weird ""Table"" name" (id integer PRIMARY KEY, "user" text);
INSERT INTO "Weird ""Table"" name" SELECT n, 'row ' || n FROM generate_series(1, 1000) AS n;
CREATE VIEW published_curricula AS SELECT id, title FROM curricula WHERE published_on IS NOT NULL;
CREATE FUNCTION curriculum_count(bigint) RETURNS bigint LANGUAGE sql STABLE
  AS 'SELECT count(*) FROM public.curricula WHERE user_id = $1';
CREATE ROLE "read only" LOGIN PASSWORD 'read only';
GRANT SELECT ON ALL TABLES IN SCHEMA public TO "read only";
