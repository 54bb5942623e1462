-- What leads out of the database, to servers that nobody can reach; access methods, languages, casts, publications.
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION file_fdw;
CREATE SERVER afar FOREIGN DATA WRAPPER postgres_fdw OPTIONS (port '5433', host '127.0.0.1', dbname 'x y', connect_timeout '2');
ALTER SERVER afar OPTIONS (SET port '1', ADD application_name 'it''s, "odd"=%');
CREATE USER MAPPING FOR CURRENT_USER SERVER afar OPTIONS (user 'u', password 'p');
CREATE USER MAPPING FOR PUBLIC SERVER afar;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN DATA WRAPPER nothing OPTIONS (thick 'yes', narrow 'no');
CREATE FOREIGN TABLE file (a integer CHECK (a > 0), b text DEFAULT 'x') SERVER files
  OPTIONS (format 'csv', filename '/nonexistent');
CREATE FOREIGN TABLE remote (a integer OPTIONS (column_name 'A'), b text OPTIONS (column_name 'B'),
  c integer GENERATED ALWAYS AS (a) STORED) SERVER afar OPTIONS (table_name 'r', fetch_size '7', schema_name 's');
CREATE VIEW of_file AS SELECT * FROM file;
-- ANALYZE of what is above them would ask that server.
CREATE TABLE parts (a integer) PARTITION BY RANGE (a);
CREATE FOREIGN TABLE parts_afar PARTITION OF parts FOR VALUES FROM (0) TO (10) SERVER afar;
CREATE TABLE parts_here PARTITION OF parts DEFAULT;
INSERT INTO parts_here VALUES (50);
CREATE TABLE parent (a integer);
CREATE FOREIGN TABLE child (c integer) INHERITS (parent) SERVER afar;
INSERT INTO parent VALUES (1);
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER before BEFORE INSERT ON remote FOR EACH ROW EXECUTE FUNCTION trg();
CREATE ACCESS METHOD pile TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE piled (a integer) USING pile;
INSERT INTO piled VALUES (1);
CREATE MATERIALIZED VIEW piled_too USING pile AS SELECT 1 AS x;
CREATE ACCESS METHOD tree TYPE INDEX HANDLER bthandler;
CREATE OPERATOR CLASS tree_ops DEFAULT FOR TYPE integer USING tree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);
CREATE CAST (text AS integer) WITH INOUT AS IMPLICIT;
CREATE CAST (money AS bigint) WITHOUT FUNCTION AS ASSIGNMENT;
CREATE FUNCTION handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION validator(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE spoken HANDLER handler VALIDATOR validator;
CREATE FUNCTION says() RETURNS void LANGUAGE spoken AS 'BEGIN END';
CREATE TRANSFORM FOR integer LANGUAGE spoken (FROM SQL WITH FUNCTION prsd_lextype(internal));
CREATE TABLE published (a integer PRIMARY KEY, b integer);
CREATE PUBLICATION of_all FOR ALL TABLES WITH (publish = 'insert');
CREATE PUBLICATION of_none;
CREATE PUBLICATION of_some FOR TABLE ONLY parent, published;
CREATE PUBLICATION of_schemas FOR TABLES IN SCHEMA beyond, public;
CREATE PUBLICATION of_both FOR TABLES IN SCHEMA public, TABLE ONLY parent WHERE (a > 5);
CREATE PUBLICATION of_columns FOR TABLE published (b, a);
SELECT lo_create(9001), lo_from_bytea(9002, 'abc');
ALTER LARGE OBJECT 9001 OWNER TO "app owner";
COMMENT ON LARGE OBJECT 9002 IS 'x';
GRANT ALL ON LARGE OBJECT 9002 TO PUBLIC;
