-- What alters nothing that a dump holds, a statement a line, of the databases that sample.sql and rich.sql make.
VACUUM
VACUUM FULL rich.things
ANALYZE
REINDEX TABLE rich.things
CLUSTER rich.things
REFRESH MATERIALIZED VIEW rich.kept
CREATE TEMPORARY TABLE passing (id integer)
ALTER TABLE rich.things SET (fillfactor = 70)
ALTER TABLE rich.things ALTER name SET DEFAULT 'x'
ALTER TABLE rich.things ALTER spare SET DEFAULT NULL::integer
ALTER TABLE rich.things ALTER name SET STATISTICS 50
ALTER TABLE rich.things ALTER hue SET STATISTICS -1
ALTER TABLE rich.things ADD COLUMN gone integer; ALTER TABLE rich.things DROP COLUMN gone
ALTER TABLE rich.elder ADD COLUMN gone integer; ALTER TABLE rich.elder DROP COLUMN gone CASCADE
ALTER TABLE rich.things RENAME TO objects; ALTER TABLE rich.objects RENAME TO things
ALTER TABLE rich.things DISABLE TRIGGER hook; ALTER TABLE rich.things ENABLE TRIGGER hook
ALTER TABLE rich.hashed DETACH PARTITION rich.hashed_0; ALTER TABLE rich.hashed ATTACH PARTITION rich.hashed_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0)
ALTER TABLE rich.things DROP CONSTRAINT things_spare; ALTER TABLE rich.things ADD CONSTRAINT things_spare CHECK (spare > 0) NO INHERIT; COMMENT ON CONSTRAINT things_spare ON rich.things IS 'some'
ALTER TABLE rich.hashed_0 ADD PRIMARY KEY (id); ALTER TABLE rich.hashed_0 DROP CONSTRAINT hashed_0_pkey; ALTER TABLE rich.hashed_0 ALTER id DROP NOT NULL
CREATE OR REPLACE FUNCTION rich.hooked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$
DROP PROCEDURE rich.proceed(integer); CREATE PROCEDURE rich.proceed(a integer) LANGUAGE plpgsql AS $$ BEGIN END $$; COMMENT ON PROCEDURE rich.proceed(integer) IS 'goes on'
DROP INDEX rich.kept_name; CREATE INDEX kept_name ON rich.kept (name)
DROP RULE silent ON rich.checked; CREATE RULE silent AS ON UPDATE TO rich.checked DO INSTEAD NOTHING; COMMENT ON RULE silent ON rich.checked IS 'hush'
DROP USER MAPPING FOR PUBLIC SERVER afar; CREATE USER MAPPING FOR PUBLIC SERVER afar
GRANT SELECT ON library.books TO "read only"
GRANT EXECUTE ON FUNCTION rich.hooked() TO PUBLIC
REVOKE DELETE ON library.books FROM "read only"
REVOKE ALL ON rich.elder FROM postgres; GRANT ALL ON rich.elder TO postgres
COMMENT ON TABLE rich.elder IS NULL
COMMENT ON FUNCTION other.hstore_to_json(other.hstore) IS 'of an extension'
ALTER SEQUENCE rich.counter INCREMENT 2
ALTER SUBSCRIPTION fed DISABLE
CREATE OPERATOR rich.@@@ (FUNCTION = float8pl, LEFTARG = float8, RIGHTARG = float8, COMMUTATOR = OPERATOR(rich.@@+)); DROP OPERATOR rich.@@@ (float8, float8)
ALTER COLLATION rich.swiss REFRESH VERSION
