-- Tables of odd shapes: 1,600 columns, none at all, many that were dropped, no rows, nothing but NULL.
DO $$ BEGIN
  EXECUTE 'CREATE TABLE wide (' || (SELECT string_agg('c' || n || ' smallint', ',') FROM generate_series(1, 1600) n) || ')';
END $$;
INSERT INTO wide (c1, c1600) SELECT n, n FROM generate_series(1, 3) n;
CREATE TABLE no_columns ();
INSERT INTO no_columns SELECT FROM generate_series(1, 5);
CREATE TABLE no_rows (a integer PRIMARY KEY, b text);
CREATE TABLE nothing_known (a integer, b text, c jsonb, d text[]);
INSERT INTO nothing_known SELECT FROM generate_series(1, 5);
CREATE TABLE dropped (a integer, b text, c integer DEFAULT 5, d date);
INSERT INTO dropped SELECT n, 'x', n, '2025-01-01' FROM generate_series(1, 9) n;
CREATE VIEW before AS SELECT * FROM dropped;
ALTER TABLE dropped ADD e integer DEFAULT 7, ADD f timestamptz DEFAULT now();
DROP VIEW before;
ALTER TABLE dropped DROP b, DROP d, ADD d text DEFAULT 'new';
CREATE VIEW after AS SELECT * FROM dropped;
CREATE TABLE all_dropped (a integer);
INSERT INTO all_dropped VALUES (1), (2);
ALTER TABLE all_dropped DROP a;
CREATE TABLE often_dropped (a integer);
DO $$ BEGIN
  FOR n IN 1 .. 100 LOOP
    EXECUTE format('ALTER TABLE often_dropped ADD x%1$s integer', n);
    EXECUTE format('ALTER TABLE often_dropped DROP x%1$s', n);
  END LOOP;
END $$;
ALTER TABLE often_dropped ADD z integer DEFAULT 3;
INSERT INTO often_dropped VALUES (1);
CREATE INDEX ON often_dropped (z);
CREATE TABLE indexed (a integer, b integer, c integer, d integer);
CREATE INDEX ON indexed (a, b, c, d) INCLUDE (b);
CREATE INDEX ON indexed ((a + b), (c + d)) WHERE a > b;
CREATE STATISTICS both_of_them (mcv) ON a, c FROM indexed;
