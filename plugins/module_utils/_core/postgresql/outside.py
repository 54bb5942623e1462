# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What leads out of a database: publications, subscriptions, foreign servers; the queries for their facts, by kind."""

from __future__ import annotations

from .entries import gathered
from .fragments import SUPERUSER, as_json, of_database, options, owner_of, privileges

PUBLISHED = """
    nullif(ARRAY(SELECT format('%I.%I', t.schemaname, t.tablename) FROM pg_publication_tables t
      WHERE t.pubname = p.pubname ORDER BY 1), '{}')"""
ROW_FILTERS = """
    (SELECT array_agg(format('%s: %s', x.prrelid::regclass, pg_get_expr(x.prqual, x.prrelid))
       ORDER BY x.prrelid::regclass::text)
     FROM pg_publication_rel x WHERE x.prpubid = p.oid AND x.prqual IS NOT NULL)"""
COLUMN_LISTS = """
    (SELECT array_agg(format('%s: %s', x.prrelid::regclass, ARRAY(SELECT a.attname::text FROM pg_attribute a
       WHERE a.attrelid = x.prrelid AND a.attnum = ANY(x.prattrs) ORDER BY 1)) ORDER BY x.prrelid::regclass::text)
     FROM pg_publication_rel x WHERE x.prpubid = p.oid AND x.prattrs IS NOT NULL)"""
PUBLISHED_SCHEMAS = """
    (SELECT array_agg(x.pnnspid::regnamespace::text ORDER BY x.pnnspid::regnamespace::text)
     FROM pg_publication_namespace x WHERE x.pnpubid = p.oid)"""
# Whoever may not read the options of a user mapping dumps it without them.
MAPPED = as_json(options=options("m.umoptions"), unread=f"m.umoptions IS NULL AND NOT {SUPERUSER}")


def kinds(major: int) -> dict[str, str]:
    """The queries for a server of that major version."""
    since_15 = {
        "row_filters": ROW_FILTERS,
        "column_lists": COLUMN_LISTS,
        "schemas": PUBLISHED_SCHEMAS,
    }
    return {
        "publication": of_database(
            "pg_publication",
            "p",
            "quote_ident(p.pubname)",
            owner=owner_of("p.pubowner"),
            all_tables="p.puballtables",
            actions="concat_ws(' ', p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot)",
            tables=PUBLISHED,
            catalog_tables=gathered("pg_publication_rel", "x", "x.prpubid = p.oid"),
            **(since_15 if major >= 15 else {}),
        ),
        # A restore leaves a subscription disabled, for it may not run twice. Only a superuser dumps them.
        "subscription": of_database(
            "pg_subscription",
            "s",
            "quote_ident(s.subname)",
            f"s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND {SUPERUSER}",
            owner=owner_of("s.subowner"),
            slot="s.subslotname",
            publications="s.subpublications",
        ),
        "foreign data wrapper": of_database(
            "pg_foreign_data_wrapper",
            "w",
            "quote_ident(w.fdwname)",
            owner=owner_of("w.fdwowner"),
            privileges=privileges("w.fdwacl", "'F'", "w.fdwowner"),
            definition=options("w.fdwoptions"),
        ),
        "foreign server": of_database(
            "pg_foreign_server",
            "s",
            "quote_ident(s.srvname)",
            owner=owner_of("s.srvowner"),
            privileges=privileges("s.srvacl", "'S'", "s.srvowner"),
            version="s.srvversion",
            type="s.srvtype",
            definition=options("s.srvoptions"),
        ),
        "user mapping": f"SELECT format('%I at %I', m.usename, m.srvname), {MAPPED} FROM pg_user_mappings m",
    }
