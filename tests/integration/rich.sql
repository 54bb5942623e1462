-- One object of every kind that can be made, and every property that it can have, beside those of sample.sql.
CREATE SCHEMA rich;
CREATE SCHEMA other AUTHORIZATION "app owner";
SET search_path = rich, public;

-- Functions
CREATE FUNCTION plain(a integer, b text DEFAULT 'b', VARIADIC c integer[] DEFAULT '{}') RETURNS integer
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'SELECT a';
CREATE FUNCTION atomic(a integer) RETURNS integer BEGIN ATOMIC SELECT a + 1; END;
CREATE FUNCTION many(OUT a integer, OUT b text) RETURNS SETOF record LANGUAGE sql ROWS 7 AS $$ SELECT 1, 'x' $$;
CREATE FUNCTION settled() RETURNS integer LANGUAGE sql SET work_mem = '8MB' SECURITY DEFINER AS 'SELECT 1';
CREATE FUNCTION hooked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE FUNCTION hooked_too() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION watching() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION nothing_much() RETURNS void LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE PROCEDURE proceed(a integer) LANGUAGE plpgsql AS $$ BEGIN END $$;
COMMENT ON PROCEDURE proceed(integer) IS 'goes on';
GRANT EXECUTE ON FUNCTION plain(integer, text, integer[]) TO "read only" WITH GRANT OPTION;
CREATE FUNCTION adds(state bigint, value integer) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT state + value';
CREATE AGGREGATE total(integer) (SFUNC = adds, STYPE = bigint, INITCOND = 0, COMBINEFUNC = int8pl, PARALLEL = safe);
CREATE AGGREGATE low(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = OPERATOR(pg_catalog.<));

-- Types
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
COMMENT ON TYPE colour IS 'of things';
CREATE TYPE pair AS (a integer, b text COLLATE "C");
COMMENT ON TYPE pair IS 'two';
COMMENT ON COLUMN pair.a IS 'the first';
CREATE DOMAIN word AS text COLLATE "C" DEFAULT 'none' NOT NULL CONSTRAINT short CHECK (length(VALUE) < 20);
COMMENT ON DOMAIN word IS 'a word';
COMMENT ON CONSTRAINT short ON DOMAIN word IS 'not long';
CREATE FUNCTION distance(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT a - b';
CREATE TYPE floats AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = distance);
CREATE TYPE number;
CREATE FUNCTION number_in(cstring) RETURNS number LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION number_out(number) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE number (INPUT = number_in, OUTPUT = number_out, INTERNALLENGTH = 4, PASSEDBYVALUE, ALIGNMENT = int4, CATEGORY = 'U');
CREATE TYPE shell;
GRANT USAGE ON TYPE colour TO "read only";
REVOKE USAGE ON TYPE pair FROM PUBLIC;

-- Operators
CREATE FUNCTION alike(integer, integer) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE OPERATOR === (FUNCTION = alike, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = ===, NEGATOR = !==,
  RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR !== (FUNCTION = int4ne, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = !==, NEGATOR = ===);
CREATE OPERATOR @@@ (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer);
COMMENT ON OPERATOR === (integer, integer) IS 'alike';
CREATE OPERATOR FAMILY kin USING btree;
COMMENT ON OPERATOR FAMILY kin USING btree IS 'all of them';
CREATE OPERATOR CLASS kind FOR TYPE integer USING btree FAMILY kin AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
COMMENT ON OPERATOR CLASS kind USING btree IS 'of integers';
ALTER OPERATOR FAMILY kin USING btree ADD OPERATOR 1 < (integer, bigint), FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);
CREATE OPERATOR CLASS sort FOR TYPE integer USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
CREATE FUNCTION word_of(number) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'n' $$;
CREATE CAST (number AS text) WITH FUNCTION word_of(number) AS ASSIGNMENT;
COMMENT ON CAST (number AS text) IS 'in words';
CREATE CONVERSION turned FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
COMMENT ON CONVERSION turned IS 'to the west';
CREATE COLLATION swiss (provider = icu, locale = 'de-CH');
CREATE COLLATION plainly (provider = libc, lc_collate = 'C', lc_ctype = 'C.UTF-8');
CREATE COLLATION copied FROM "C";
COMMENT ON COLLATION swiss IS 'no sharp s';
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD pile IS 'a heap';
CREATE FUNCTION talk_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION talk_inline(internal) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION talk_validator(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE talk HANDLER talk_handler INLINE talk_inline VALIDATOR talk_validator;
COMMENT ON LANGUAGE talk IS 'spoken';
GRANT USAGE ON LANGUAGE talk TO "read only";

CREATE TRANSFORM FOR number LANGUAGE talk (FROM SQL WITH FUNCTION prsd_lextype(internal));
COMMENT ON TRANSFORM FOR number LANGUAGE talk IS 'between the two';

-- Text search
CREATE TEXT SEARCH PARSER taken (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
COMMENT ON TEXT SEARCH PARSER taken IS 'apart';
CREATE TEXT SEARCH TEMPLATE mould (INIT = dsimple_init, LEXIZE = dsimple_lexize);
COMMENT ON TEXT SEARCH TEMPLATE mould IS 'empty';
CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = mould);
ALTER TEXT SEARCH DICTIONARY words (accept = false);
COMMENT ON TEXT SEARCH DICTIONARY words IS 'all';
CREATE TEXT SEARCH CONFIGURATION searched (PARSER = taken);
ALTER TEXT SEARCH CONFIGURATION searched ADD MAPPING FOR asciiword, word WITH words, simple;
COMMENT ON TEXT SEARCH CONFIGURATION searched IS 'found';

-- Tables
CREATE TABLE things (
  id integer GENERATED BY DEFAULT AS IDENTITY (START 5 INCREMENT 2) PRIMARY KEY,
  name text COLLATE "C" DEFAULT 'x' NOT NULL,
  hue colour,
  twice integer GENERATED ALWAYS AS (length(name) * 2) STORED,
  filling text,
  packed text COMPRESSION pglz,
  code word,
  part pair,
  spare integer,
  CONSTRAINT things_name_hue UNIQUE (name, hue) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT things_spare CHECK (spare > 0) NO INHERIT
) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
ALTER TABLE things ALTER name SET STATISTICS 50, ALTER spare SET (n_distinct = 5);
ALTER TABLE things ALTER filling SET STORAGE EXTERNAL;
ALTER TABLE things REPLICA IDENTITY FULL;
COMMENT ON CONSTRAINT things_spare ON things IS 'some';
CREATE INDEX things_lower ON things (lower(name) DESC NULLS LAST, spare) INCLUDE (hue) WITH (fillfactor = 80) WHERE spare > 3;
ALTER INDEX things_lower ALTER COLUMN 1 SET STATISTICS 77;
COMMENT ON INDEX things_lower IS 'lower';
CREATE UNIQUE INDEX things_filling ON things (filling text_pattern_ops);
ALTER TABLE things CLUSTER ON things_filling;
CREATE INDEX things_spare_index ON things USING hash (spare);
CREATE TABLE belongings (
  id integer, thing integer, code text, span int4range,
  CONSTRAINT belongings_thing FOREIGN KEY (thing) REFERENCES things ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE,
  CONSTRAINT belongings_span EXCLUDE USING gist (span WITH &&)
);
ALTER TABLE belongings ADD CONSTRAINT later FOREIGN KEY (id) REFERENCES things NOT VALID;
CREATE INDEX belongings_thing_index ON belongings (thing);
CREATE STATISTICS counted (ndistinct, dependencies, mcv) ON id, thing, (code || 'x') FROM belongings;
ALTER STATISTICS counted SET STATISTICS 300;
COMMENT ON STATISTICS counted IS 'of both';
CREATE TABLE of_pairs OF pair (a WITH OPTIONS DEFAULT 3);
CREATE TABLE piled (id integer) USING pile;
CREATE UNLOGGED TABLE fleeting (id integer);
CREATE TABLE elder (a integer, b text, CONSTRAINT elder_a CHECK (a > 0));
CREATE TABLE younger (c integer) INHERITS (elder);
CREATE TABLE stranger (a integer, b text, CONSTRAINT elder_a CHECK (a > 0));
CREATE TABLE measured (at date NOT NULL, kind text, value integer) PARTITION BY RANGE (at);
CREATE TABLE measured_old PARTITION OF measured FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
CREATE TABLE measured_new PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (kind);
CREATE TABLE measured_new_a PARTITION OF measured_new FOR VALUES IN ('a', 'b');
CREATE TABLE measured_apart (at date NOT NULL, kind text, value integer);
CREATE INDEX measured_value ON measured (value);
CREATE INDEX measured_half ON ONLY measured (kind);
CREATE TABLE hashed (id integer) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE SEQUENCE counter AS integer START 3 INCREMENT 2 MINVALUE 1 MAXVALUE 99 CACHE 4 CYCLE OWNED BY things.spare;
COMMENT ON SEQUENCE counter IS 'counts';
GRANT USAGE ON SEQUENCE counter TO "read only";

-- What hangs on tables
CREATE TRIGGER hook BEFORE INSERT OR UPDATE OF name, spare ON things FOR EACH ROW WHEN (NEW.spare > 1) EXECUTE FUNCTION hooked('a', 'b');
COMMENT ON TRIGGER hook ON things IS 'line';
CREATE TRIGGER changed AFTER UPDATE ON things REFERENCING OLD TABLE AS was NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION hooked_too();
CREATE CONSTRAINT TRIGGER checked AFTER INSERT ON belongings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hooked();
ALTER TABLE things ENABLE ALWAYS TRIGGER changed;
CREATE TRIGGER cloned BEFORE INSERT ON measured FOR EACH ROW EXECUTE FUNCTION hooked();
CREATE VIEW seen WITH (security_barrier) AS SELECT id, name, spare FROM things WHERE spare > 0;
ALTER VIEW seen ALTER name SET DEFAULT 'seen';
COMMENT ON VIEW seen IS 'some of them';
COMMENT ON COLUMN seen.name IS 'of it';
CREATE TRIGGER instead INSTEAD OF INSERT ON seen FOR EACH ROW EXECUTE FUNCTION hooked();
CREATE VIEW checked WITH (check_option = cascaded) AS SELECT * FROM belongings WHERE id > 0;
CREATE RULE silent AS ON UPDATE TO checked DO INSTEAD NOTHING;
COMMENT ON RULE silent ON checked IS 'hush';
CREATE MATERIALIZED VIEW kept WITH (fillfactor = 60) AS SELECT id, name, spare FROM things;
CREATE INDEX kept_name ON kept (name);
COMMENT ON MATERIALIZED VIEW kept IS 'for long';
COMMENT ON COLUMN kept.name IS 'kept, too';
GRANT SELECT (id) ON kept TO "read only";
CREATE POLICY own ON belongings AS RESTRICTIVE FOR UPDATE TO "read only", PUBLIC USING (id > 1) WITH CHECK (id > 2);
CREATE POLICY several ON belongings USING (id IN (SELECT thing FROM rich.belongings));
COMMENT ON POLICY own ON belongings IS 'theirs';
ALTER TABLE belongings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT (id, code), UPDATE ON belongings TO "read only";
GRANT SELECT ON things TO "app owner" WITH GRANT OPTION;
SET ROLE "app owner";
RESET ROLE;
GRANT USAGE ON SCHEMA rich TO "app owner";
SET ROLE "app owner";
GRANT SELECT ON rich.things TO "read only";
RESET ROLE;
CREATE EVENT TRIGGER watcher ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION watching();
COMMENT ON EVENT TRIGGER watcher IS 'sees';
ALTER EVENT TRIGGER watcher ENABLE REPLICA;

-- Beyond
CREATE PUBLICATION filtered FOR TABLE things (id, name) WHERE (spare > 3), TABLE belongings WITH (publish = 'insert, update');
COMMENT ON PUBLICATION filtered IS 'in part';
CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA other;
CREATE PUBLICATION of_all FOR ALL TABLES WITH (publish_via_partition_root);
CREATE SUBSCRIPTION fed CONNECTION 'host=nowhere dbname=x' PUBLICATION a, b WITH (connect = false, slot_name = 'feed', binary);
COMMENT ON SUBSCRIPTION fed IS 'from nowhere';
CREATE FOREIGN DATA WRAPPER wrapping OPTIONS (thick 'yes');
COMMENT ON FOREIGN DATA WRAPPER wrapping IS 'paper';
CREATE SERVER afar TYPE 'kind' VERSION '1' FOREIGN DATA WRAPPER wrapping OPTIONS (host 'far');
COMMENT ON SERVER afar IS 'away';
GRANT USAGE ON FOREIGN SERVER afar TO "read only";
GRANT USAGE ON FOREIGN DATA WRAPPER wrapping TO "app owner";
CREATE USER MAPPING FOR "read only" SERVER afar OPTIONS (password 'secret');
CREATE USER MAPPING FOR PUBLIC SERVER afar;
CREATE FOREIGN TABLE distant (id integer OPTIONS (column_name 'x') NOT NULL, name text) SERVER afar OPTIONS (table_name 'y');
COMMENT ON FOREIGN TABLE distant IS 'there';
CREATE EXTENSION hstore SCHEMA other;
COMMENT ON EXTENSION hstore IS 'pairs';
CREATE EXTENSION pg_stat_statements SCHEMA other;
GRANT SELECT ON other.pg_stat_statements TO "read only";
REVOKE ALL ON FUNCTION other.hstore_to_json(other.hstore) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_file(text) TO "read only";
ALTER FUNCTION nothing_much() DEPENDS ON EXTENSION hstore;
ALTER DEFAULT PRIVILEGES IN SCHEMA rich GRANT SELECT ON SEQUENCES TO "read only";
ALTER DEFAULT PRIVILEGES FOR ROLE "app owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
RESET search_path;
