-- Everything in a database that a restore has to bring back, as lines that must not differ.
\set QUIET on
\pset tuples_only on
\pset format unaligned
SET search_path = pg_catalog;
SET TimeZone = 'UTC';

SELECT 'rows', oid::regclass, xpath('/row/hash/text()', query_to_xml(format(
  'SELECT count(*) || '' '' || md5(coalesce(string_agg(t::text, E''\n'' ORDER BY t::text COLLATE "C"), '''')) AS hash FROM ONLY %s AS t',
  oid::regclass), false, true, ''))
FROM pg_class
WHERE relkind IN ('r', 'm') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
ORDER BY oid::regclass::text COLLATE "C";

SELECT 'relation', oid::regclass, relkind, relpersistence, relowner::regrole, relrowsecurity,
       ARRAY(SELECT privilege::text FROM unnest(relacl) AS privilege ORDER BY 1)
FROM pg_class
WHERE relkind IN ('r', 'm', 'p', 'v', 'S', 'i') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
ORDER BY oid::regclass::text COLLATE "C";

SELECT 'column privileges', attrelid::regclass, attname, attacl FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384
ORDER BY attrelid::regclass::text, attname;
SELECT 'sequence', sequencename, last_value, increment_by, sequenceowner FROM pg_sequences ORDER BY 2;
SELECT 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE oid >= 16384
ORDER BY conrelid::regclass::text, conname;
SELECT 'function', oid::regprocedure, proowner::regrole, md5(prosrc) FROM pg_proc
WHERE oid >= 16384 AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e') ORDER BY oid::regprocedure::text;
SELECT 'enum', enumtypid::regtype, enumlabel FROM pg_enum ORDER BY enumtypid::regtype::text, enumsortorder;
SELECT 'default privileges', defaclrole::regrole, defaclobjtype, defaclacl FROM pg_default_acl ORDER BY defaclrole::regrole::text, defaclobjtype;
SELECT 'trigger', tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgrelid::regclass::text, tgname;
SELECT 'policy', polrelid::regclass, polname, pg_get_expr(polqual, polrelid) FROM pg_policy ORDER BY polrelid::regclass::text, polname;
SELECT 'schema', nspname, nspowner::regrole, ARRAY(SELECT privilege::text FROM unnest(nspacl) AS privilege ORDER BY 1)
FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 2;
SELECT 'extension', extname, extversion FROM pg_extension ORDER BY 2;
SELECT 'large object', pg_get_userbyid(lomowner), md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY 3;
SELECT 'database', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype
FROM pg_database WHERE datname = current_database();
