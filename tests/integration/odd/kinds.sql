-- Types made of types, and a value of every type in one row: each that says where an object is, too.
CREATE DOMAIN ints AS integer[] CHECK (cardinality(VALUE) < 10) DEFAULT '{1}';
CREATE DOMAIN more_ints AS ints NOT NULL CHECK (VALUE[1] > 0);
CREATE TYPE comp AS (a integer, b text[], c ints);
CREATE DOMAIN part AS comp CHECK ((VALUE).a > 0);
CREATE TYPE comp_of_comp AS (x comp, y part[]);
CREATE TYPE e AS ENUM ('a', 'z');
ALTER TYPE e ADD VALUE 'm' BEFORE 'z';
ALTER TYPE e ADD VALUE 'b' AFTER 'a';
ALTER TYPE e RENAME VALUE 'a' TO 'it''s "a", \ and {}%';
CREATE TYPE er AS RANGE (SUBTYPE = text, COLLATION = "C", MULTIRANGE_TYPE_NAME = many_er);
CREATE DOMAIN der AS er;
CREATE FUNCTION apart(a date, b date) RETURNS float8 LANGUAGE sql IMMUTABLE AS 'SELECT (a - b)::float8 * 7';
CREATE TYPE days AS RANGE (SUBTYPE = date, SUBTYPE_DIFF = apart);
CREATE TABLE t (
  i ints, i2 more_ints, c comp, dc part, cc comp_of_comp, cca comp_of_comp[], en e, ea e[], er er, emr many_er, de der,
  dy days, x xml, ts tsvector, tq tsquery, js jsonpath, j json, jb jsonb, h bit(5), vb varbit, m money, o oid,
  rc regclass, rp regprocedure, rt regtype, rr regrole, nm name, ch "char", f4 float4, f8 float8, n numeric,
  n2 numeric(10, 2), iv interval(3), ivy interval year, tz timetz(2), tsz timestamptz(0), inet inet, cidr cidr,
  mac macaddr, mac8 macaddr8, pt point, pl path, pg polygon, ci circle, ln line, ls lseg, bx box, lsn pg_lsn, xid xid,
  xid8 xid8, snap pg_snapshot, tid tid, u uuid, c5 char(5), vc varchar(7), arr integer[][], ia int2vector, oa oidvector,
  acl aclitem, acls aclitem[], cursor refcursor, tx txid_snapshot, rcol regcollation, rn regnamespace, rco regconfig,
  rd regdictionary, ro regoperator
);
INSERT INTO t SELECT
  '{1,2}', '{1}', ROW(1, ARRAY['a', 'b'], '{1}')::comp, ROW(2, NULL, '{1}')::comp,
  ROW(ROW(1, '{}', NULL), ARRAY[ROW(1, '{x}', '{1}')::part])::comp_of_comp, ARRAY[ROW(NULL, NULL)::comp_of_comp],
  'it''s "a", \ and {}%', '{z}', '[a,b]', '{[a,b]}', '[b,c)', '[2025-01-01,2025-02-01)', '<a>1</a>', 'a b:3A',
  'a & b:*', '$.a[*]', '{ "a": "\u00e4"}', '{"a": "\u00e4 \\u0000"}', '10101', '1', '12.34', 1, 'pg_class', 'now()',
  'int4', 'postgres', 'abc', 'x', '-0', 'NaN', 'NaN', '1.10', '1 day 2 hours 3.1234', '2 years', '12:00:00.12+03',
  'infinity', '::1/128', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '(1,2)', '[(0,0),(1,1)]',
  '((0,0),(1,1),(1,0))', '<(0,0),1>', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '0/1', '5', '7', '10:20:10,14,15',
  '(1,2)', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'ab', 'abc', '[0:1][2:3]={{1,2},{3,4}}', '1 2', '1 2',
  'postgres=r/postgres', '{postgres=r/postgres}', 'cur', '10:20:10,14,15', '"C"', 'public', 'english', 'simple',
  'pg_catalog.+(integer,integer)';
INSERT INTO t (i2, f8, iv, tsz, o) VALUES ('{1}', '-Infinity', '-1 day', '4713-01-01 00:00 BC', 't'::regclass);
CREATE TABLE whole_rows (r t, rs t[]);
INSERT INTO whole_rows SELECT q, ARRAY[q] FROM t q WHERE n2 IS NOT NULL;
-- OIDs, which are others after a restore, as what they are written
CREATE TABLE pointers (class regclass, type regtype, function regprocedure, defined regclass DEFAULT 'kinds.t'::regclass);
INSERT INTO pointers VALUES ('t', 'comp', 'apart(date, date)'), ('pointers', 'e[]', 'apart(date, date)');
