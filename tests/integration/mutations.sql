-- One change a line, of the databases that sample.sql and rich.sql make: each must be told by a proof.

-- Functions, procedures, aggregates
CREATE OR REPLACE FUNCTION rich.hooked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$
CREATE OR REPLACE FUNCTION rich.plain(a integer, b text DEFAULT 'c', VARIADIC c integer[] DEFAULT '{}') RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10 AS 'SELECT a'
CREATE OR REPLACE FUNCTION rich.atomic(a integer) RETURNS integer BEGIN ATOMIC SELECT a + 2; END
CREATE OR REPLACE PROCEDURE rich.proceed(a integer) LANGUAGE plpgsql AS $$ BEGIN NULL; END $$
ALTER FUNCTION rich.plain(integer, text, integer[]) VOLATILE
ALTER FUNCTION rich.plain(integer, text, integer[]) STABLE
ALTER FUNCTION rich.plain(integer, text, integer[]) CALLED ON NULL INPUT
ALTER FUNCTION rich.plain(integer, text, integer[]) LEAKPROOF
ALTER FUNCTION rich.plain(integer, text, integer[]) PARALLEL RESTRICTED
ALTER FUNCTION rich.plain(integer, text, integer[]) COST 11
ALTER FUNCTION rich.plain(integer, text, integer[]) SECURITY DEFINER
ALTER FUNCTION rich.plain(integer, text, integer[]) SET work_mem = '9MB'
ALTER FUNCTION rich.plain(integer, text, integer[]) OWNER TO "app owner"
ALTER FUNCTION rich.plain(integer, text, integer[]) RENAME TO simple
ALTER FUNCTION rich.plain(integer, text, integer[]) SET SCHEMA other
ALTER FUNCTION rich.plain(integer, text, integer[]) SUPPORT array_unnest_support
ALTER FUNCTION rich.plain(integer, text, integer[]) DEPENDS ON EXTENSION citext
ALTER FUNCTION rich.nothing_much() NO DEPENDS ON EXTENSION hstore
ALTER FUNCTION rich.many() ROWS 8
ALTER FUNCTION rich.settled() SECURITY INVOKER
ALTER FUNCTION rich.settled() RESET work_mem
ALTER FUNCTION rich.settled() SET work_mem = '7MB'
GRANT EXECUTE ON FUNCTION rich.plain(integer, text, integer[]) TO "app owner"
REVOKE GRANT OPTION FOR EXECUTE ON FUNCTION rich.plain(integer, text, integer[]) FROM "read only"
REVOKE EXECUTE ON FUNCTION rich.plain(integer, text, integer[]) FROM PUBLIC
COMMENT ON FUNCTION rich.plain(integer, text, integer[]) IS 'new'
COMMENT ON FUNCTION library.touch() IS NULL
COMMENT ON PROCEDURE rich.proceed(integer) IS 'other'
DROP PROCEDURE rich.proceed(integer)
DROP AGGREGATE rich.total(integer)
ALTER AGGREGATE rich.total(integer) OWNER TO "app owner"
COMMENT ON AGGREGATE rich.total(integer) IS 'sum'
DROP AGGREGATE rich.total(integer); CREATE AGGREGATE rich.total(integer) (SFUNC = rich.adds, STYPE = bigint, INITCOND = 1, COMBINEFUNC = int8pl, PARALLEL = safe)
DROP AGGREGATE rich.total(integer); CREATE AGGREGATE rich.total(integer) (SFUNC = rich.adds, STYPE = bigint, INITCOND = 0, PARALLEL = safe)
DROP AGGREGATE rich.total(integer); CREATE AGGREGATE rich.total(integer) (SFUNC = rich.adds, STYPE = bigint, SSPACE = 99, INITCOND = 0, COMBINEFUNC = int8pl, PARALLEL = safe)
DROP AGGREGATE rich.total(integer); CREATE AGGREGATE rich.total(integer) (SFUNC = rich.adds, STYPE = bigint, INITCOND = 0, COMBINEFUNC = int8pl)
DROP AGGREGATE rich.low(integer); CREATE AGGREGATE rich.low(integer) (SFUNC = int4smaller, STYPE = integer)
CREATE FUNCTION rich.plain(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2'
ALTER FUNCTION rich.adds(bigint, integer) STRICT

-- Types
ALTER TYPE rich.colour ADD VALUE 'white'
ALTER TYPE rich.colour RENAME VALUE 'red' TO 'crimson'
ALTER TYPE rich.colour OWNER TO "app owner"
ALTER TYPE rich.colour RENAME TO color
ALTER TYPE rich.colour SET SCHEMA other
COMMENT ON TYPE rich.colour IS 'other'
REVOKE USAGE ON TYPE rich.colour FROM "read only"
GRANT USAGE ON TYPE rich.pair TO PUBLIC
ALTER TYPE rich.pair RENAME ATTRIBUTE a TO first CASCADE
COMMENT ON COLUMN rich.pair.a IS 'another'
COMMENT ON COLUMN rich.pair.b IS 'the second'
CREATE TYPE rich.more AS (a integer)
ALTER TYPE library.point3 ADD ATTRIBUTE w float8
ALTER TYPE library.point3 DROP ATTRIBUTE z
ALTER TYPE rich.shell OWNER TO "app owner"
DROP TYPE rich.shell
ALTER TYPE rich.floats OWNER TO "app owner"
DROP TYPE rich.floats; CREATE TYPE rich.floats AS RANGE (SUBTYPE = float8)
DROP TYPE rich.floats; CREATE TYPE rich.floats AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = rich.distance, MULTIRANGE_TYPE_NAME = rich.many_floats)
ALTER TYPE rich.number SET (STORAGE = plain, TYPMOD_IN = varchartypmodin)
ALTER TYPE rich.number OWNER TO "app owner"
ALTER DOMAIN rich.word SET DEFAULT 'nothing'
ALTER DOMAIN rich.word DROP DEFAULT
ALTER DOMAIN rich.word DROP NOT NULL
ALTER DOMAIN rich.word DROP CONSTRAINT short
ALTER DOMAIN rich.word RENAME CONSTRAINT short TO brief
ALTER DOMAIN rich.word ADD CONSTRAINT long CHECK (VALUE <> '') NOT VALID
ALTER DOMAIN rich.word OWNER TO "app owner"
GRANT USAGE ON DOMAIN rich.word TO "app owner"
COMMENT ON DOMAIN rich.word IS 'words'
COMMENT ON CONSTRAINT short ON DOMAIN rich.word IS 'other'
COMMENT ON CONSTRAINT short ON DOMAIN rich.word IS NULL
CREATE DOMAIN rich.words AS text

-- Operators, their families and classes, casts, transforms, conversions, collations, languages, access methods
DROP OPERATOR rich.@@@ (integer, integer)
DROP OPERATOR rich.@@@ (integer, integer); CREATE OPERATOR rich.@@@ (FUNCTION = int4mi, LEFTARG = integer, RIGHTARG = integer)
DROP OPERATOR rich.@@@ (integer, integer); CREATE OPERATOR rich.@@@ (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer, COMMUTATOR = OPERATOR(rich.@@@))
ALTER OPERATOR rich.=== (integer, integer) SET (RESTRICT = NONE)
ALTER OPERATOR rich.=== (integer, integer) SET (JOIN = NONE)
ALTER OPERATOR rich.=== (integer, integer) SET (RESTRICT = neqsel)
ALTER OPERATOR rich.=== (integer, integer) OWNER TO "app owner"
ALTER OPERATOR rich.=== (integer, integer) SET SCHEMA other
COMMENT ON OPERATOR rich.=== (integer, integer) IS 'the same'
SET LOCAL allow_system_table_mods = on; UPDATE pg_operator SET oprcanhash = false WHERE oid = 'rich.===(integer,integer)'::regoperator
SET LOCAL allow_system_table_mods = on; UPDATE pg_operator SET oprcanmerge = false WHERE oid = 'rich.===(integer,integer)'::regoperator
SET LOCAL allow_system_table_mods = on; UPDATE pg_operator SET oprnegate = 0 WHERE oid = 'rich.===(integer,integer)'::regoperator
ALTER OPERATOR FAMILY rich.kin USING btree DROP OPERATOR 1 (integer, bigint)
ALTER OPERATOR FAMILY rich.kin USING btree DROP FUNCTION 1 (integer, bigint)
ALTER OPERATOR FAMILY rich.kin USING btree ADD OPERATOR 2 <= (integer, bigint)
ALTER OPERATOR FAMILY rich.kin USING btree ADD FUNCTION 2 (integer, integer) btint4sortsupport(internal)
ALTER OPERATOR FAMILY rich.kin USING btree RENAME TO clan
ALTER OPERATOR FAMILY rich.kin USING btree OWNER TO "app owner"
COMMENT ON OPERATOR FAMILY rich.kin USING btree IS 'other'
CREATE OPERATOR FAMILY rich.kith USING hash
ALTER OPERATOR CLASS rich.kind USING btree OWNER TO "app owner"
ALTER OPERATOR CLASS rich.kind USING btree SET SCHEMA other
DROP OPERATOR CLASS rich.kind USING btree
COMMENT ON OPERATOR CLASS rich.kind USING btree IS NULL
DROP CAST (rich.number AS text)
DROP CAST (rich.number AS text); CREATE CAST (rich.number AS text) WITH FUNCTION rich.word_of(rich.number) AS IMPLICIT
DROP CAST (rich.number AS text); CREATE CAST (rich.number AS text) WITH INOUT AS ASSIGNMENT
COMMENT ON CAST (rich.number AS text) IS 'other'
DROP TRANSFORM FOR rich.number LANGUAGE talk
COMMENT ON TRANSFORM FOR rich.number LANGUAGE talk IS 'other'
DROP CONVERSION rich.turned
DROP CONVERSION rich.turned; CREATE CONVERSION rich.turned FOR 'UTF8' TO 'LATIN2' FROM utf8_to_iso8859
DROP CONVERSION rich.turned; CREATE DEFAULT CONVERSION rich.turned FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1
ALTER CONVERSION rich.turned OWNER TO "app owner"
COMMENT ON CONVERSION rich.turned IS 'other'
DROP COLLATION rich.swiss; CREATE COLLATION rich.swiss (provider = icu, locale = 'de-AT')
DROP COLLATION rich.swiss; CREATE COLLATION rich.swiss (provider = icu, locale = 'de-CH', deterministic = false)
DROP COLLATION rich.plainly; CREATE COLLATION rich.plainly (provider = libc, lc_collate = 'C', lc_ctype = 'C')
DROP COLLATION rich.plainly; CREATE COLLATION rich.plainly (provider = libc, lc_collate = 'C.UTF-8', lc_ctype = 'C.UTF-8')
ALTER COLLATION rich.swiss OWNER TO "app owner"
COMMENT ON COLLATION rich.swiss IS 'other'
ALTER LANGUAGE talk OWNER TO "app owner"
ALTER LANGUAGE talk RENAME TO speech
REVOKE USAGE ON LANGUAGE talk FROM "read only"
COMMENT ON LANGUAGE talk IS 'other'
CREATE OR REPLACE LANGUAGE talk HANDLER rich.talk_handler INLINE rich.talk_inline VALIDATOR rich.talk_validator
CREATE OR REPLACE TRUSTED LANGUAGE talk HANDLER rich.talk_handler VALIDATOR rich.talk_validator
COMMENT ON ACCESS METHOD pile IS 'other'
CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler

-- Text search
ALTER TEXT SEARCH CONFIGURATION rich.searched DROP MAPPING FOR word
ALTER TEXT SEARCH CONFIGURATION rich.searched ALTER MAPPING FOR word WITH simple, rich.words
ALTER TEXT SEARCH CONFIGURATION rich.searched ALTER MAPPING REPLACE rich.words WITH english_stem
ALTER TEXT SEARCH CONFIGURATION rich.searched ADD MAPPING FOR numword WITH simple
ALTER TEXT SEARCH CONFIGURATION rich.searched OWNER TO "app owner"
COMMENT ON TEXT SEARCH CONFIGURATION rich.searched IS 'other'
DROP TEXT SEARCH CONFIGURATION rich.searched; CREATE TEXT SEARCH CONFIGURATION rich.searched (PARSER = pg_catalog.default)
ALTER TEXT SEARCH DICTIONARY rich.words (accept = true)
ALTER TEXT SEARCH DICTIONARY rich.words OWNER TO "app owner"
COMMENT ON TEXT SEARCH DICTIONARY rich.words IS 'other'
CREATE TEXT SEARCH DICTIONARY rich.more (TEMPLATE = simple)
DROP TEXT SEARCH DICTIONARY rich.words CASCADE; CREATE TEXT SEARCH DICTIONARY rich.words (TEMPLATE = simple, accept = false)
ALTER TEXT SEARCH PARSER rich.taken RENAME TO parted
COMMENT ON TEXT SEARCH PARSER rich.taken IS 'other'
CREATE TEXT SEARCH PARSER rich.more (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)
SET LOCAL allow_system_table_mods = on; UPDATE pg_ts_parser SET prsheadline = 'prsd_headline'::regproc WHERE prsname = 'taken'
ALTER TEXT SEARCH TEMPLATE rich.mould SET SCHEMA other
COMMENT ON TEXT SEARCH TEMPLATE rich.mould IS NULL
SET LOCAL allow_system_table_mods = on; UPDATE pg_ts_template SET tmplinit = 0 WHERE tmplname = 'mould'

-- Tables and their columns
DROP TABLE rich.fleeting
CREATE TABLE rich.more (id integer)
ALTER TABLE rich.things RENAME TO objects
ALTER TABLE rich.things SET SCHEMA other
ALTER TABLE rich.things OWNER TO "app owner"
ALTER TABLE rich.things SET (fillfactor = 71)
ALTER TABLE rich.things RESET (fillfactor)
ALTER TABLE rich.things SET (toast.autovacuum_enabled = true)
ALTER TABLE rich.things RESET (toast.autovacuum_enabled)
ALTER TABLE rich.things SET (autovacuum_vacuum_threshold = 9)
ALTER TABLE rich.things ENABLE ROW LEVEL SECURITY
ALTER TABLE rich.belongings NO FORCE ROW LEVEL SECURITY
ALTER TABLE rich.belongings DISABLE ROW LEVEL SECURITY
ALTER TABLE rich.things REPLICA IDENTITY NOTHING
ALTER TABLE rich.things REPLICA IDENTITY USING INDEX things_pkey
ALTER TABLE rich.things SET WITHOUT CLUSTER
ALTER TABLE rich.things CLUSTER ON things_pkey
ALTER TABLE rich.fleeting SET LOGGED
ALTER TABLE rich.elder SET UNLOGGED
ALTER TABLE rich.piled SET ACCESS METHOD heap
ALTER TABLE rich.of_pairs NOT OF
ALTER TABLE rich.stranger INHERIT rich.elder
ALTER TABLE rich.younger NO INHERIT rich.elder
ALTER TABLE library.child NO INHERIT library.parent; ALTER TABLE library.child INHERIT library.parent
ALTER TABLE rich.things ADD COLUMN added integer
ALTER TABLE rich.things DROP COLUMN packed
ALTER TABLE rich.things DROP COLUMN packed, ADD COLUMN packed text COMPRESSION pglz
ALTER TABLE rich.things RENAME COLUMN packed TO unpacked
ALTER TABLE rich.stranger ALTER a TYPE bigint
ALTER TABLE rich.things ALTER packed TYPE varchar(10)
ALTER TABLE rich.things ALTER packed TYPE text COLLATE "C"
ALTER TABLE rich.things ALTER spare SET NOT NULL
ALTER TABLE rich.things ALTER name DROP NOT NULL
ALTER TABLE rich.things ALTER name SET DEFAULT 'y'
ALTER TABLE rich.things ALTER name DROP DEFAULT
ALTER TABLE rich.things ALTER name SET STATISTICS 51
ALTER TABLE rich.things ALTER name SET STATISTICS -1
ALTER TABLE rich.things ALTER spare SET STATISTICS 0
ALTER TABLE rich.things ALTER spare SET (n_distinct = 6)
ALTER TABLE rich.things ALTER spare RESET (n_distinct)
ALTER TABLE rich.things ALTER spare SET (n_distinct_inherited = 6)
ALTER TABLE rich.things ALTER filling SET STORAGE MAIN
ALTER TABLE rich.things ALTER packed SET COMPRESSION default
ALTER TABLE rich.things ALTER id DROP IDENTITY
ALTER TABLE rich.things ALTER id SET GENERATED ALWAYS
ALTER TABLE rich.things ALTER id SET INCREMENT BY 3
ALTER TABLE rich.things ALTER twice DROP EXPRESSION
COMMENT ON TABLE rich.things IS 'new'
COMMENT ON TABLE library.books IS NULL
COMMENT ON COLUMN rich.things.name IS 'new'
COMMENT ON COLUMN library.books.title IS 'other'
GRANT DELETE ON rich.things TO "read only"
GRANT SELECT (name) ON rich.things TO "read only"
REVOKE INSERT (code) ON rich.belongings FROM "read only"
REVOKE UPDATE ON rich.belongings FROM "read only"
REVOKE GRANT OPTION FOR SELECT ON rich.things FROM "app owner" CASCADE
REVOKE SELECT ON rich.things FROM "app owner" CASCADE; GRANT SELECT ON rich.things TO "app owner" WITH GRANT OPTION; GRANT SELECT ON rich.things TO "read only"
REVOKE ALL ON rich.things FROM postgres
REVOKE TRUNCATE ON rich.things FROM postgres
ALTER TABLE rich.elder ALTER a SET DEFAULT 1
ALTER TABLE ONLY rich.younger ALTER a SET DEFAULT 2
ALTER TABLE rich.measured DETACH PARTITION rich.measured_old
ALTER TABLE rich.measured ATTACH PARTITION rich.measured_apart FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')
ALTER TABLE rich.measured ATTACH PARTITION rich.measured_apart DEFAULT
ALTER TABLE rich.measured DETACH PARTITION rich.measured_old; ALTER TABLE rich.measured ATTACH PARTITION rich.measured_old FOR VALUES FROM (MINVALUE) TO ('2024-01-01')
ALTER TABLE rich.measured_new DETACH PARTITION rich.measured_new_a; ALTER TABLE rich.measured_new ATTACH PARTITION rich.measured_new_a FOR VALUES IN ('a')
DROP TABLE rich.hashed_0
CREATE TABLE rich.hashed_1 PARTITION OF rich.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1)
DROP TABLE rich.hashed CASCADE; CREATE TABLE rich.hashed (id integer) PARTITION BY RANGE (id); CREATE TABLE rich.hashed_0 PARTITION OF rich.hashed DEFAULT
DROP TABLE rich.of_pairs; CREATE TABLE rich.of_pairs OF rich.pair (a WITH OPTIONS DEFAULT 4)

-- Constraints
ALTER TABLE rich.things DROP CONSTRAINT things_pkey CASCADE
ALTER TABLE rich.things DROP CONSTRAINT things_name_hue
ALTER TABLE rich.things DROP CONSTRAINT things_name_hue; ALTER TABLE rich.things ADD CONSTRAINT things_name_hue UNIQUE (hue, name) DEFERRABLE INITIALLY DEFERRED
ALTER TABLE rich.things DROP CONSTRAINT things_name_hue; ALTER TABLE rich.things ADD CONSTRAINT things_name_hue UNIQUE (name, hue) DEFERRABLE
ALTER TABLE rich.things DROP CONSTRAINT things_name_hue; ALTER TABLE rich.things ADD CONSTRAINT things_name_hue UNIQUE NULLS NOT DISTINCT (name, hue) DEFERRABLE INITIALLY DEFERRED
ALTER TABLE rich.things DROP CONSTRAINT things_name_hue; CREATE INDEX things_name_hue ON rich.things (name, hue)
ALTER TABLE rich.things RENAME CONSTRAINT things_spare TO things_few
ALTER TABLE rich.things DROP CONSTRAINT things_spare
ALTER TABLE rich.things DROP CONSTRAINT things_spare; ALTER TABLE rich.things ADD CONSTRAINT things_spare CHECK (spare > 1) NO INHERIT
ALTER TABLE rich.things DROP CONSTRAINT things_spare; ALTER TABLE rich.things ADD CONSTRAINT things_spare CHECK (spare > 0)
ALTER TABLE rich.belongings ALTER CONSTRAINT belongings_thing DEFERRABLE INITIALLY DEFERRED
ALTER TABLE rich.belongings ALTER CONSTRAINT belongings_thing NOT DEFERRABLE
ALTER TABLE rich.belongings DROP CONSTRAINT belongings_thing
ALTER TABLE rich.belongings DROP CONSTRAINT belongings_thing; ALTER TABLE rich.belongings ADD CONSTRAINT belongings_thing FOREIGN KEY (thing) REFERENCES rich.things ON UPDATE SET NULL DEFERRABLE
ALTER TABLE rich.belongings DROP CONSTRAINT belongings_thing; ALTER TABLE rich.belongings ADD CONSTRAINT belongings_thing FOREIGN KEY (thing) REFERENCES rich.things ON DELETE CASCADE DEFERRABLE
ALTER TABLE rich.belongings DROP CONSTRAINT belongings_thing; ALTER TABLE rich.belongings ADD CONSTRAINT belongings_thing FOREIGN KEY (thing) REFERENCES rich.things MATCH FULL ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE
ALTER TABLE rich.belongings DROP CONSTRAINT belongings_thing; ALTER TABLE rich.belongings ADD CONSTRAINT belongings_thing FOREIGN KEY (id) REFERENCES rich.things ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE
ALTER TABLE rich.belongings DROP CONSTRAINT belongings_span
ALTER TABLE rich.belongings DROP CONSTRAINT belongings_span; ALTER TABLE rich.belongings ADD CONSTRAINT belongings_span EXCLUDE USING gist (span WITH -|-)
ALTER TABLE rich.belongings VALIDATE CONSTRAINT later
COMMENT ON CONSTRAINT things_spare ON rich.things IS 'other'
COMMENT ON CONSTRAINT belongings_thing ON rich.belongings IS 'new'

-- Indexes, statistics
DROP INDEX rich.things_lower
CREATE INDEX more ON rich.things (spare)
ALTER INDEX rich.things_lower RENAME TO things_upper
ALTER INDEX rich.things_lower SET (fillfactor = 81)
ALTER INDEX rich.things_lower ALTER COLUMN 1 SET STATISTICS 78
ALTER INDEX rich.things_lower ALTER COLUMN 1 SET STATISTICS -1
COMMENT ON INDEX rich.things_lower IS 'other'
DROP INDEX rich.things_lower; CREATE INDEX things_lower ON rich.things (lower(name) DESC NULLS LAST, spare) INCLUDE (hue) WITH (fillfactor = 80) WHERE spare > 4
DROP INDEX rich.things_lower; CREATE INDEX things_lower ON rich.things (upper(name) DESC NULLS LAST, spare) INCLUDE (hue) WITH (fillfactor = 80) WHERE spare > 3
DROP INDEX rich.things_lower; CREATE INDEX things_lower ON rich.things (lower(name) DESC, spare) INCLUDE (hue) WITH (fillfactor = 80) WHERE spare > 3
DROP INDEX rich.things_filling; CREATE INDEX things_filling ON rich.things (filling text_pattern_ops)
DROP INDEX rich.things_filling; CREATE UNIQUE INDEX things_filling ON rich.things (filling)
DROP INDEX rich.things_filling; CREATE UNIQUE INDEX things_filling ON rich.things (filling COLLATE "C" text_pattern_ops)
DROP INDEX rich.things_spare_index; CREATE INDEX things_spare_index ON rich.things (spare)
CREATE INDEX measured_old_kind ON rich.measured_old (kind); ALTER INDEX rich.measured_half ATTACH PARTITION rich.measured_old_kind
DROP INDEX rich.measured_value
ALTER INDEX rich.measured_old_value_idx RENAME TO measured_old_by_value
DROP STATISTICS rich.counted
ALTER STATISTICS rich.counted SET STATISTICS 301
ALTER STATISTICS rich.counted SET STATISTICS -1
ALTER STATISTICS rich.counted OWNER TO "app owner"
COMMENT ON STATISTICS rich.counted IS 'other'
DROP STATISTICS rich.counted; CREATE STATISTICS rich.counted (ndistinct, dependencies) ON id, thing, (code || 'x') FROM rich.belongings; ALTER STATISTICS rich.counted SET STATISTICS 300
DROP STATISTICS rich.counted; CREATE STATISTICS rich.counted (ndistinct, dependencies, mcv) ON id, thing, (code || 'y') FROM rich.belongings; ALTER STATISTICS rich.counted SET STATISTICS 300

-- Sequences
ALTER SEQUENCE rich.counter INCREMENT 3
ALTER SEQUENCE rich.counter MAXVALUE 98
ALTER SEQUENCE rich.counter START 4
ALTER SEQUENCE rich.counter CACHE 5
ALTER SEQUENCE rich.counter NO CYCLE
ALTER SEQUENCE rich.counter AS smallint
ALTER SEQUENCE rich.counter OWNED BY NONE
ALTER SEQUENCE rich.counter OWNED BY rich.things.packed
REVOKE USAGE ON SEQUENCE rich.counter FROM "read only"
COMMENT ON SEQUENCE rich.counter IS 'other'
CREATE SEQUENCE rich.more

-- Triggers, rules, policies, event triggers
DROP TRIGGER hook ON rich.things
ALTER TRIGGER hook ON rich.things RENAME TO crook
ALTER TABLE rich.things DISABLE TRIGGER hook
ALTER TABLE rich.things ENABLE REPLICA TRIGGER hook
ALTER TABLE rich.things ENABLE TRIGGER changed
ALTER TRIGGER hook ON rich.things DEPENDS ON EXTENSION hstore
COMMENT ON TRIGGER hook ON rich.things IS 'other'
CREATE OR REPLACE TRIGGER hook BEFORE INSERT OR UPDATE OF name, spare ON rich.things FOR EACH ROW WHEN (NEW.spare > 2) EXECUTE FUNCTION rich.hooked('a', 'b')
CREATE OR REPLACE TRIGGER hook BEFORE INSERT OR UPDATE OF name ON rich.things FOR EACH ROW WHEN (NEW.spare > 1) EXECUTE FUNCTION rich.hooked('a', 'b')
CREATE OR REPLACE TRIGGER hook BEFORE INSERT OR UPDATE OF name, spare ON rich.things FOR EACH ROW WHEN (NEW.spare > 1) EXECUTE FUNCTION rich.hooked('a', 'c')
CREATE OR REPLACE TRIGGER hook AFTER INSERT OR UPDATE OF name, spare ON rich.things FOR EACH ROW WHEN (NEW.spare > 1) EXECUTE FUNCTION rich.hooked('a', 'b')
CREATE OR REPLACE TRIGGER hook BEFORE UPDATE OF name, spare ON rich.things FOR EACH ROW WHEN (NEW.spare > 1) EXECUTE FUNCTION rich.hooked('a', 'b')
CREATE OR REPLACE TRIGGER hook BEFORE INSERT OR UPDATE OF name, spare ON rich.things FOR EACH ROW WHEN (NEW.spare > 1) EXECUTE FUNCTION rich.hooked_too('a', 'b')
DROP TRIGGER changed ON rich.things; CREATE TRIGGER changed AFTER UPDATE ON rich.things REFERENCING OLD TABLE AS was FOR EACH STATEMENT EXECUTE FUNCTION rich.hooked_too(); ALTER TABLE rich.things ENABLE ALWAYS TRIGGER changed
ALTER TABLE rich.measured_old DISABLE TRIGGER cloned
DROP TRIGGER instead ON rich.seen
DROP RULE silent ON rich.checked
ALTER RULE silent ON rich.checked RENAME TO loud
CREATE OR REPLACE RULE silent AS ON UPDATE TO rich.checked DO ALSO NOTHING
COMMENT ON RULE silent ON rich.checked IS 'other'
ALTER TABLE library.cache DISABLE RULE quiet
DROP POLICY own ON rich.belongings
ALTER POLICY several ON rich.belongings USING (id IN (SELECT id FROM rich.belongings))
ALTER POLICY own ON rich.belongings TO "read only"
ALTER POLICY own ON rich.belongings USING (id > 3)
ALTER POLICY own ON rich.belongings WITH CHECK (id > 3)
ALTER POLICY own ON rich.belongings RENAME TO mine
DROP POLICY own ON rich.belongings; CREATE POLICY own ON rich.belongings FOR UPDATE TO "read only", PUBLIC USING (id > 1) WITH CHECK (id > 2)
DROP POLICY own ON rich.belongings; CREATE POLICY own ON rich.belongings AS RESTRICTIVE TO "read only", PUBLIC USING (id > 1) WITH CHECK (id > 2)
COMMENT ON POLICY own ON rich.belongings IS 'other'
ALTER EVENT TRIGGER watcher ENABLE
ALTER EVENT TRIGGER watcher DISABLE
ALTER EVENT TRIGGER watcher OWNER TO postgres; ALTER EVENT TRIGGER watcher RENAME TO looker
COMMENT ON EVENT TRIGGER watcher IS 'other'
DROP EVENT TRIGGER watcher; CREATE EVENT TRIGGER watcher ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION rich.watching(); ALTER EVENT TRIGGER watcher ENABLE REPLICA
DROP EVENT TRIGGER watcher; CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION rich.watching(); ALTER EVENT TRIGGER watcher ENABLE REPLICA

-- Views
CREATE OR REPLACE VIEW rich.seen WITH (security_barrier) AS SELECT id, name, spare FROM rich.things WHERE spare > 1
ALTER VIEW rich.seen ALTER name SET DEFAULT 'unseen'
ALTER VIEW rich.seen ALTER name DROP DEFAULT
ALTER VIEW rich.seen SET (security_barrier = false)
ALTER VIEW rich.seen SET (security_invoker = true)
ALTER VIEW rich.checked SET (check_option = local)
ALTER VIEW rich.seen OWNER TO "app owner"
ALTER VIEW rich.seen RENAME COLUMN name TO title
GRANT SELECT ON rich.seen TO "read only"
COMMENT ON VIEW rich.seen IS 'other'
COMMENT ON COLUMN rich.seen.name IS 'other'
DROP MATERIALIZED VIEW rich.kept
ALTER MATERIALIZED VIEW rich.kept SET (fillfactor = 61)
ALTER MATERIALIZED VIEW rich.kept SET (toast.autovacuum_enabled = false)
ALTER MATERIALIZED VIEW rich.kept OWNER TO "app owner"
ALTER MATERIALIZED VIEW rich.kept ALTER name SET STATISTICS 10
ALTER MATERIALIZED VIEW rich.kept ALTER name SET STORAGE EXTERNAL
ALTER MATERIALIZED VIEW rich.kept CLUSTER ON kept_name
ALTER MATERIALIZED VIEW rich.kept SET ACCESS METHOD pile
REVOKE SELECT (id) ON rich.kept FROM "read only"
GRANT SELECT (name) ON rich.kept TO "read only"
COMMENT ON MATERIALIZED VIEW rich.kept IS 'other'
COMMENT ON COLUMN rich.kept.name IS 'other'
DROP INDEX rich.kept_name

-- Publications, subscriptions, foreign data
ALTER PUBLICATION filtered SET TABLE rich.things (id, name) WHERE (spare > 4), rich.belongings
ALTER PUBLICATION filtered SET TABLE rich.things (id, name), rich.belongings
ALTER PUBLICATION filtered SET TABLE rich.things (id, name, spare) WHERE (spare > 3), rich.belongings
ALTER PUBLICATION filtered SET TABLE rich.things WHERE (spare > 3), rich.belongings
ALTER PUBLICATION filtered DROP TABLE rich.belongings
ALTER PUBLICATION filtered ADD TABLE rich.elder
ALTER PUBLICATION filtered SET (publish = 'insert')
ALTER PUBLICATION filtered SET (publish_via_partition_root = true)
ALTER PUBLICATION filtered OWNER TO postgres; ALTER PUBLICATION filtered RENAME TO sifted
COMMENT ON PUBLICATION filtered IS 'other'
ALTER PUBLICATION of_schema DROP TABLES IN SCHEMA other
ALTER PUBLICATION of_schema ADD TABLES IN SCHEMA library
DROP PUBLICATION of_all; CREATE PUBLICATION of_all WITH (publish_via_partition_root)
ALTER SUBSCRIPTION fed CONNECTION 'host=elsewhere dbname=x'
ALTER SUBSCRIPTION fed SET PUBLICATION a WITH (refresh = false)
ALTER SUBSCRIPTION fed SET (binary = false)
ALTER SUBSCRIPTION fed SET (synchronous_commit = local)
ALTER SUBSCRIPTION fed SET (disable_on_error = true)
ALTER SUBSCRIPTION fed SET (slot_name = NONE)
ALTER SUBSCRIPTION fed RENAME TO filled
COMMENT ON SUBSCRIPTION fed IS 'other'
ALTER FOREIGN DATA WRAPPER wrapping OPTIONS (SET thick 'no')
ALTER FOREIGN DATA WRAPPER wrapping VALIDATOR postgresql_fdw_validator OPTIONS (DROP thick)
REVOKE USAGE ON FOREIGN DATA WRAPPER wrapping FROM "app owner"
COMMENT ON FOREIGN DATA WRAPPER wrapping IS 'other'
ALTER SERVER afar VERSION '2'
ALTER SERVER afar OPTIONS (SET host 'near')
ALTER SERVER afar OWNER TO "app owner"
REVOKE USAGE ON FOREIGN SERVER afar FROM "read only"
COMMENT ON SERVER afar IS 'other'
DROP SERVER afar CASCADE; CREATE SERVER afar TYPE 'other' VERSION '1' FOREIGN DATA WRAPPER wrapping OPTIONS (host 'far')
ALTER USER MAPPING FOR "read only" SERVER afar OPTIONS (SET password 'guessed')
ALTER USER MAPPING FOR "read only" SERVER afar OPTIONS (DROP password)
ALTER USER MAPPING FOR PUBLIC SERVER afar OPTIONS (ADD password 'x')
DROP USER MAPPING FOR PUBLIC SERVER afar
CREATE USER MAPPING FOR "app owner" SERVER afar
ALTER FOREIGN TABLE rich.distant OPTIONS (SET table_name 'z')
ALTER FOREIGN TABLE rich.distant ALTER id OPTIONS (SET column_name 'z')
ALTER FOREIGN TABLE rich.distant ALTER id DROP NOT NULL
ALTER FOREIGN TABLE rich.distant ADD CONSTRAINT positive CHECK (id > 0)
COMMENT ON FOREIGN TABLE rich.distant IS 'other'

-- Extensions, and privileges on what they and PostgreSQL bring
DROP EXTENSION pg_stat_statements
ALTER EXTENSION hstore SET SCHEMA rich
COMMENT ON EXTENSION hstore IS 'other'
COMMENT ON EXTENSION hstore IS NULL
CREATE EXTENSION pg_trgm SCHEMA rich
REVOKE SELECT ON other.pg_stat_statements FROM "read only"
GRANT SELECT (query) ON other.pg_stat_statements TO "app owner"
GRANT EXECUTE ON FUNCTION other.hstore_to_json(other.hstore) TO PUBLIC
GRANT EXECUTE ON FUNCTION other.hstore_to_json(other.hstore) TO "app owner"
REVOKE EXECUTE ON FUNCTION public.gen_random_bytes(integer) FROM PUBLIC
GRANT USAGE ON TYPE other.hstore TO "app owner"
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_stat_file(text) FROM "read only"
GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_file(text) TO "read only"
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(float8) FROM PUBLIC
GRANT SELECT ON pg_catalog.pg_authid TO "read only"
REVOKE SELECT ON pg_catalog.pg_proc FROM PUBLIC; GRANT SELECT ON pg_catalog.pg_proc TO postgres
GRANT SELECT (umoptions) ON pg_catalog.pg_user_mapping TO "read only"
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC

-- Schemas, default privileges, the database
CREATE SCHEMA more
DROP SCHEMA other CASCADE
ALTER SCHEMA other OWNER TO postgres
ALTER SCHEMA other RENAME TO others
COMMENT ON SCHEMA other IS 'new'
COMMENT ON SCHEMA public IS NULL
GRANT CREATE ON SCHEMA public TO PUBLIC
ALTER SCHEMA public OWNER TO "app owner"
REVOKE USAGE ON SCHEMA rich FROM "app owner"
ALTER DEFAULT PRIVILEGES IN SCHEMA rich REVOKE SELECT ON SEQUENCES FROM "read only"
ALTER DEFAULT PRIVILEGES IN SCHEMA other GRANT SELECT ON TABLES TO "read only"
ALTER DEFAULT PRIVILEGES FOR ROLE "app owner" GRANT EXECUTE ON FUNCTIONS TO PUBLIC
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO "read only"
ALTER DEFAULT PRIVILEGES REVOKE USAGE ON TYPES FROM PUBLIC
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO "read only"', current_database()); END $$
DO $$ BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO "read only"', current_database()); END $$
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$
DO $$ BEGIN EXECUTE format('ALTER ROLE "app owner" IN DATABASE %I SET work_mem = ''1MB''', current_database()); END $$
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 61', current_database()); END $$
DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''other''', current_database()); END $$
UPDATE pg_database SET datcollate = 'POSIX' WHERE datname = current_database()

-- Security labels; no provider is loaded
INSERT INTO pg_seclabel VALUES ('rich.things'::regclass, 'pg_class'::regclass, 0, 'test', 'secret')
INSERT INTO pg_seclabel VALUES ('rich.things'::regclass, 'pg_class'::regclass, 2, 'test', 'secret')
INSERT INTO pg_seclabel VALUES ('rich.colour'::regtype, 'pg_type'::regclass, 0, 'test', 'secret')
INSERT INTO pg_seclabel VALUES ('rich'::regnamespace, 'pg_namespace'::regclass, 0, 'test', 'secret')
INSERT INTO pg_seclabel VALUES ('rich.hooked'::regproc, 'pg_proc'::regclass, 0, 'test', 'secret')
INSERT INTO pg_seclabel SELECT oid, 'pg_publication'::regclass, 0, 'test', 'secret' FROM pg_publication WHERE pubname = 'filtered'
