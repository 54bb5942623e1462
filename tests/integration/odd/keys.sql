-- Keys, sequences and constraints that wait for each other.
CREATE TABLE a (
  id integer GENERATED ALWAYS AS IDENTITY (START -5 INCREMENT -1 MINVALUE -100 MAXVALUE -1 CYCLE) PRIMARY KEY,
  b integer, r int4range, EXCLUDE USING gist (r WITH &&) WHERE (b > 0) DEFERRABLE INITIALLY DEFERRED
);
INSERT INTO a (b, r) SELECT n, int4range(n, n + 1) FROM generate_series(1, 5) n;
CREATE TABLE b (id integer UNIQUE, a integer REFERENCES a DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id) NOT VALID;
INSERT INTO b VALUES (1, -5), (2, -6);
CREATE TABLE whole (x integer, y integer, z integer, UNIQUE (x, y),
  FOREIGN KEY (x, y) REFERENCES whole (x, y) MATCH FULL ON UPDATE SET DEFAULT ON DELETE SET NULL);
CREATE UNIQUE INDEX other ON whole (z);
ALTER TABLE whole ADD CONSTRAINT named_after UNIQUE USING INDEX other;
CREATE TABLE replicated (a integer NOT NULL, b integer);
CREATE UNIQUE INDEX replicated_i ON replicated (a);
ALTER TABLE replicated REPLICA IDENTITY USING INDEX replicated_i;
ALTER TABLE replicated CLUSTER ON replicated_i;
CREATE TABLE unreplicated (a integer);
ALTER TABLE unreplicated REPLICA IDENTITY NOTHING;
CREATE SEQUENCE s AS smallint CYCLE CACHE 10;
SELECT setval('s', 32767);
CREATE SEQUENCE unused START 5;
CREATE SEQUENCE owned OWNED BY replicated.b;
CREATE SEQUENCE next;
SELECT setval('next', 77, false);
CREATE UNLOGGED TABLE fleeting (a serial);
INSERT INTO fleeting SELECT FROM generate_series(1, 3);
CREATE TABLE shared (a integer DEFAULT nextval('s'), b integer DEFAULT nextval('s'));
CREATE TABLE serials (a serial, b bigserial, c smallserial);
ALTER SEQUENCE serials_a_seq RENAME TO renamed;
ALTER TABLE serials ALTER b DROP DEFAULT;
CREATE COLLATION nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE collated (x text COLLATE nd PRIMARY KEY, b text COLLATE "de-x-icu", c text COLLATE "POSIX");
INSERT INTO collated VALUES ('Ab', 'ä', 'z');
CREATE INDEX ON collated (b COLLATE "C", c);
