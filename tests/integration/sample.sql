-- Small but varied: one of everything that a dump has to bring back. Roles and the database itself are made by sample.py.
CREATE EXTENSION pgcrypto;
CREATE EXTENSION citext;
CREATE SCHEMA library AUTHORIZATION "app owner";
CREATE SCHEMA "Größen ""und"" Maße";
COMMENT ON SCHEMA library IS 'Bücher; it''s all here';

CREATE TYPE library.mood AS ENUM ('sad', 'it''s "ok"', 'glad');
CREATE TYPE library.point3 AS (x float8, y float8, z float8);
CREATE DOMAIN library.positive AS integer CHECK (VALUE > 0);
CREATE COLLATION library.german (provider = icu, locale = 'de');

CREATE TABLE library.authors (
  id bigserial PRIMARY KEY,
  email citext UNIQUE,
  name text COLLATE library.german NOT NULL,
  mood library.mood DEFAULT 'glad',
  born date,
  score numeric(20, 10),
  ratio float8,
  payload jsonb,
  tags text[],
  secret bytea,
  seen timestamptz,
  extent int4range,
  place library.point3
);
INSERT INTO library.authors (email, name, mood, born, score, ratio, payload, tags, secret, seen, extent, place)
SELECT CASE WHEN n % 3 > 0 THEN 'Author' || n || '@Example.org' END,
       'Größe ' || n || E'\t\\.\n\\N ''"🦊', (enum_range(NULL::library.mood))[1 + n % 3], date '1900-01-01' + n,
       n / 7.0, n / 3.0::float8, jsonb_build_object('n', n, 'x', ARRAY[n, NULL]), ARRAY['a' || n, NULL, '', '"'],
       sha256(n::text::bytea), timestamptz '2025-01-01 00:00:00.123456+00' + n * interval '7 minutes',
       int4range(n, n + 5), ROW(n::float8, 'NaN'::float8, '-Infinity'::float8)::library.point3
FROM generate_series(1, 400) AS n;
ALTER TABLE library.authors OWNER TO "app owner";

CREATE TABLE library.books (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  author bigint NOT NULL REFERENCES library.authors ON DELETE CASCADE,
  title varchar(200) NOT NULL DEFAULT 'untitled',
  pages library.positive,
  digest text GENERATED ALWAYS AS (md5(title)) STORED
);
INSERT INTO library.books (author, title, pages) SELECT 1 + n % 400, 'Book ' || n, n FROM generate_series(1, 700) AS n;
CREATE INDEX books_lower ON library.books (lower(title)) WHERE pages > 3;
CREATE STATISTICS library.books_stat ON author, pages FROM library.books;
COMMENT ON TABLE library.books IS E'line one\nline "two"';
COMMENT ON COLUMN library.books.title IS 'der Titel';

CREATE TABLE "Größen ""und"" Maße"."tab.le with 'quotes'" ("col umn" text, "ü.""x" integer, "select" boolean);
INSERT INTO "Größen ""und"" Maße"."tab.le with 'quotes'" VALUES
  ('\.', 1, true), (E'\\connect postgres', 2, false), ('', NULL, NULL), (NULL, 4, true), (E'back\\slash\r\n', 5, false);
ALTER TABLE "Größen ""und"" Maße"."tab.le with 'quotes'" OWNER TO "we""ird.role 'x'";
CREATE SEQUENCE "Größen ""und"" Maße"."se quence" INCREMENT -3 MAXVALUE 900 START 800 CYCLE;
SELECT nextval('"Größen ""und"" Maße"."se quence"') FROM generate_series(1, 4);

CREATE TABLE library.events (at timestamptz NOT NULL, kind text, amount numeric) PARTITION BY RANGE (at);
CREATE TABLE library.events_2024 PARTITION OF library.events FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE TABLE library.events_2025 PARTITION OF library.events FOR VALUES FROM ('2025-01-01 00:00+00') TO ('2026-01-01 00:00+00');
CREATE TABLE library.events_rest PARTITION OF library.events DEFAULT;
INSERT INTO library.events
SELECT timestamptz '2023-06-01 00:00+00' + n * interval '5 days', 'kind ' || n % 4, n * 1.5 FROM generate_series(1, 250) AS n;
CREATE TABLE library.parent (a integer, b text);
CREATE TABLE library.child (c integer) INHERITS (library.parent);
INSERT INTO library.parent VALUES (1, 'one');
INSERT INTO library.child VALUES (2, 'two', 3);
CREATE UNLOGGED TABLE library.cache AS SELECT n AS id, repeat('x', n) AS filling FROM generate_series(1, 20) AS n;
CREATE TABLE library.empty ();

CREATE VIEW library.long_books AS SELECT id, title FROM library.books WHERE pages > 300;
CREATE MATERIALIZED VIEW library.totals AS SELECT author, count(*) AS books FROM library.books GROUP BY author;
CREATE FUNCTION library.touch() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
  -- \connect in a function is harmless: this is SQL
  NEW.seen := coalesce(NEW.seen, '2025-01-01 00:00+00');
  RETURN NEW;
END $f$;
CREATE TRIGGER touch BEFORE INSERT ON library.authors FOR EACH ROW EXECUTE FUNCTION library.touch();
CREATE PROCEDURE library.nothing() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE library.product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = 1);
CREATE RULE quiet AS ON DELETE TO library.cache DO INSTEAD NOTHING;
REVOKE ALL ON FUNCTION library.touch() FROM PUBLIC;
ALTER FUNCTION library.touch() OWNER TO "app owner";
COMMENT ON FUNCTION library.touch() IS 'fills seen';

ALTER TABLE library.books ENABLE ROW LEVEL SECURITY;
CREATE POLICY short ON library.books FOR SELECT TO "read only" USING (pages < 100);
GRANT USAGE ON SCHEMA library TO "read only", "we""ird.role 'x'";
GRANT SELECT ON library.books, library.authors TO "read only";
GRANT SELECT, UPDATE (name) ON library.authors TO "we""ird.role 'x'" WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE "app owner" IN SCHEMA library GRANT SELECT ON TABLES TO "read only";
ALTER DEFAULT PRIVILEGES FOR ROLE "app owner" GRANT EXECUTE ON FUNCTIONS TO "read only";

SELECT lo_from_bytea(70001, decode('00ff10e282ac', 'hex')), lo_from_bytea(70002, sha256('two'));
ALTER LARGE OBJECT 70001 OWNER TO "app owner";
GRANT SELECT ON LARGE OBJECT 70002 TO "read only";
COMMENT ON LARGE OBJECT 70002 IS 'the second';
CREATE PUBLICATION everything FOR TABLE library.books;
