# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SQL that empties a database, which a restore in place begins with: afterwards it is like a new one."""

from __future__ import annotations

from .exclusive import LOCK_TIMEOUT
from .one_transaction import KEEP

# The first OID that no object of PostgreSQL itself has (FirstNormalObjectId)
NORMAL = 16384


def _made(catalog: str, row: str) -> str:
    """Neither PostgreSQL's own, nor a part of something else, with which it goes."""
    return (
        f"{row}.oid >= {NORMAL} AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = '{catalog}'::regclass"
        f" AND d.objid = {row}.oid AND d.deptype IN ('e', 'i'))"
    )


# One transaction empties the database and loads the backup: whatever fails, the database is as it was.
EMPTY = f"""
SET lock_timeout = '{LOCK_TIMEOUT}';{KEEP}CREATE EXTENSION IF NOT EXISTS plpgsql;
DO $holdfast$
DECLARE statement text; entry record;
BEGIN
  IF EXISTS (SELECT FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
             WHERE d.datname = current_database()) THEN
    RAISE 'the database has subscriptions, which cannot be dropped in a transaction';
  END IF;
  -- All of them are named before the first goes: what a type was called is not known once it is gone.
  FOREACH statement IN ARRAY ARRAY(
    SELECT format('DROP EVENT TRIGGER IF EXISTS %I CASCADE', evtname) FROM pg_event_trigger
    UNION ALL SELECT format('DROP PUBLICATION IF EXISTS %I', pubname) FROM pg_publication
    UNION ALL SELECT format('DROP CAST IF EXISTS (%s AS %s) CASCADE', castsource::regtype, casttarget::regtype)
      FROM pg_cast k WHERE {_made("pg_cast", "k")}
    UNION ALL SELECT format('DROP TRANSFORM IF EXISTS FOR %s LANGUAGE %I CASCADE', trftype::regtype, lanname)
      FROM pg_transform k JOIN pg_language l ON l.oid = trflang WHERE {_made("pg_transform", "k")}
    UNION ALL SELECT format('DROP LANGUAGE IF EXISTS %I CASCADE', lanname)
      FROM pg_language k WHERE {_made("pg_language", "k")}
    UNION ALL SELECT format('DROP ACCESS METHOD IF EXISTS %I CASCADE', amname)
      FROM pg_am k WHERE {_made("pg_am", "k")}
    -- An index of an extension's operator class that has options (pg_trgm, ltree, intarray in GiST) keeps the extension
    -- from being dropped: PostgreSQL looks for a function that is gone already.
    UNION ALL SELECT DISTINCT format('DROP %s IF EXISTS %s CASCADE',
        CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, c.oid::regclass)
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_depend d
        ON d.classid = 'pg_opclass'::regclass AND d.objid = ANY(i.indclass) AND d.deptype = 'e'
      WHERE {_made("pg_class", "c")}
    UNION ALL SELECT format('DROP EXTENSION IF EXISTS %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL SELECT format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
    UNION ALL SELECT format('DROP FOREIGN DATA WRAPPER IF EXISTS %I CASCADE', fdwname)
      FROM pg_foreign_data_wrapper)
  LOOP EXECUTE statement; END LOOP;
  -- Default privileges of a schema went with it. Those of the whole database would reach what is restored.
  FOR entry IN
    SELECT defaclacl AS acl, quote_ident(pg_get_userbyid(defaclrole)) AS role,
      CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS'
        WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS' ELSE 'LARGE OBJECTS' END AS kind
    FROM pg_default_acl
  LOOP
    FOR statement IN
      SELECT DISTINCT format('REVOKE ALL ON %s FROM %s', entry.kind,
        CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END) FROM aclexplode(entry.acl)
      UNION ALL SELECT format('GRANT ALL ON %s TO %s', entry.kind,
        entry.role || CASE WHEN entry.kind IN ('FUNCTIONS', 'TYPES') THEN ', PUBLIC' ELSE '' END)
    LOOP EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %s %s', entry.role, statement); END LOOP;
  END LOOP;
  PERFORM lo_unlink(oid) FROM pg_largeobject_metadata;
  CREATE SCHEMA public;
  COMMENT ON SCHEMA public IS 'standard public schema';
  IF current_setting('server_version_num')::int >= 150000 THEN
    ALTER SCHEMA public OWNER TO pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC;
  ELSE
    GRANT USAGE, CREATE ON SCHEMA public TO PUBLIC;
  END IF;
END $holdfast$;
SET search_path = "$user", public;
"""
