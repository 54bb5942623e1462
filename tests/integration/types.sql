-- Values of every kind of type that PostgreSQL has built in, and of kinds that can be made, in a table of one column each.
CREATE SCHEMA types;
CREATE TYPE types.colour AS ENUM ('red', 'green');
CREATE TYPE types.pair AS (number numeric, words text);
CREATE DOMAIN types.label AS varchar(40);
CREATE DOMAIN types.labels AS types.label[] CHECK (cardinality(VALUE) < 9);
CREATE DOMAIN types.shade AS types.colour;
CREATE DOMAIN types.code AS char(4);
CREATE TYPE types.span AS RANGE (subtype = interval);
CREATE COLLATION types.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE FUNCTION types.fill(name text, type text, VARIADIC entries text[]) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
  EXECUTE format('CREATE TABLE types.%I (value %s)', 'of ' || name, type);
  EXECUTE format('INSERT INTO types.%I SELECT entry::%s FROM unnest($1) AS entry', 'of ' || name, split_part(type, ' COLLATE', 1))
  USING entries || NULL;
END $f$;

SELECT types.fill('smallint', 'smallint', '-32768', '7'),
       types.fill('integer', 'integer', '-2147483648', '0'),
       types.fill('bigint', 'bigint', '9223372036854775807', '-1'),
       types.fill('oid', 'oid', '4294967295', '16384'),
       types.fill('numeric', 'numeric', '1.0', '1.00', 'NaN', '-Infinity', '12345678901234567890.123456789', '0.000'),
       types.fill('money', 'money', '-1234.56', '0'),
       types.fill('real', 'real', '0.1', '-0', 'NaN', '1e-40'),
       types.fill('double', 'double precision', '0.1', '-0', 'Infinity', '1.7976931348623157e308', '0.30000000000000004'),
       types.fill('boolean', 'boolean', 't', 'f'),
       types.fill('text', 'text', '', 'ä', 'a ', 'A', E'\n\t\\'),
       types.fill('any case', 'text COLLATE types.any_case', 'word', 'WORD'),
       types.fill('varchar', 'varchar(9)', 'a', 'a '),
       types.fill('char', 'char(5)', 'a', 'ab'),
       types.fill('bpchar', 'bpchar', 'a', 'a   '),
       types.fill('"char"', '"char"', 'x', ''),
       types.fill('name', 'name', 'pg_class', 'x'),
       types.fill('bytea', 'bytea', '\x', '\x00ff'),
       types.fill('bit', 'bit(3)', '101', '000'),
       types.fill('varbit', 'varbit', '', '1', '10'),
       types.fill('date', 'date', '0044-03-15 BC', 'infinity', '2025-02-28'),
       types.fill('time', 'time', '00:00', '24:00', '12:34:56.789012'),
       types.fill('timetz', 'timetz', '12:00+02', '11:00+01'),
       types.fill('timestamp', 'timestamp', '-infinity', '2025-01-01 00:00:00.000001'),
       types.fill('timestamptz', 'timestamptz', '2025-03-30 02:30+01', '294276-12-31 23:59+00'),
       types.fill('interval', 'interval', '1 day', '24 hours', '1 mon -1 day 00:00:00.000001', '30 days'),
       types.fill('uuid', 'uuid', '00000000-0000-0000-0000-000000000000', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'),
       types.fill('json', 'json', '{"a":1,"a":2}', '{ "a" : 1.0 }', 'null'),
       types.fill('jsonb', 'jsonb', '{"a": 1}', '{"a": 1.0}', 'null', '[]'),
       types.fill('xml', 'xml', '<a/>', '<a></a>', 'words and <b>bold</b>'),
       types.fill('inet', 'inet', '10.0.0.1', '10.0.0.1/8', '::1'),
       types.fill('cidr', 'cidr', '10.0.0.0/8', '::/0'),
       types.fill('macaddr', 'macaddr', '08:00:2b:01:02:03'),
       types.fill('macaddr8', 'macaddr8', '08:00:2b:01:02:03:04:05'),
       types.fill('point', 'point', '(0.1,-0)', '(NaN,1)'),
       types.fill('line', 'line', '{1,-1,0}'),
       types.fill('lseg', 'lseg', '[(0,0),(1,0.1)]'),
       types.fill('box', 'box', '(1,1),(0,0)'),
       types.fill('path', 'path', '[(0,0),(1,1)]', '((0,0),(1,1))'),
       types.fill('polygon', 'polygon', '((0,0),(1,1),(1,0))'),
       types.fill('circle', 'circle', '<(0,0),0.1>'),
       types.fill('tsvector', 'tsvector', '''fat'':2A ''rat'':3', ''),
       types.fill('tsquery', 'tsquery', 'fat & !rat:A', 'fat <-> rat'),
       types.fill('pg_lsn', 'pg_lsn', '16/B374D848'),
       types.fill('xid8', 'xid8', '18446744073709551615'),
       types.fill('tid', 'tid', '(7,3)'),
       types.fill('refcursor', 'refcursor', 'a cursor', ''),
       types.fill('regclass', 'regclass', 'types."of text"', 'pg_class'),
       types.fill('regtype', 'regtype', 'types.colour', 'integer'),
       types.fill('regprocedure', 'regprocedure', 'types.fill(text, text, text[])', 'now()'),
       types.fill('regrole', 'regrole', 'postgres'),
       types.fill('enum', 'types.colour', 'red', 'green'),
       types.fill('composite', 'types.pair', '(1.0,"a ""b"" ,c")', '(,)', '(1.00,)'),
       types.fill('domain', 'types.label', 'red', ''),
       types.fill('domain of arrays', 'types.labels', '{a,"b c",NULL}', '{}'),
       types.fill('domain of enums', 'types.shade', 'green'),
       types.fill('domain of chars', 'types.code', 'a', 'abcd'),
       types.fill('array', 'numeric[]', '{1.0,NULL,1.00}', '[2:3]={1,2}', '{{1},{2}}'),
       types.fill('array of enums', 'types.colour[]', '{red,green}'),
       types.fill('array of composites', 'types.pair[]', '{"(1,x)"}'),
       types.fill('range', 'int4range', '[1,5)', 'empty', '(,)'),
       types.fill('numrange', 'numrange', '[1.0,2)', '[1.00,2)'),
       types.fill('tstzrange', 'tstzrange', '[2025-01-01 00:00+00,)'),
       types.fill('own range', 'types.span', '[1 day,2 days)', '[24 hours,2 days)'),
       types.fill('multirange', 'datemultirange', '{[2025-01-01,2025-02-01),[2025-03-01,)}', '{}'),
       types.fill('citext', 'public.citext', 'Word', 'word');

-- What a restore writes in another way: the sign of what is no number, and an array's bitmap of nulls that has none left.
INSERT INTO types."of double" VALUES ('Infinity'::float8 - 'Infinity');
INSERT INTO types."of real" VALUES ('Infinity'::float4 - 'Infinity');
CREATE TABLE types.bitmap AS SELECT '{1,NULL}'::integer[] AS value;
UPDATE types.bitmap SET value[2] = 2;
