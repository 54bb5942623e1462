# Copyright (c) 2026, the holdfast.postgres contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What belongs to tables, and is no column of them: the queries for its facts, by kind."""

from __future__ import annotations

from .fragments import free, hashed, in_schema, of_table

OF_NO_EXTENSION = free("pg_class", "c")
# A partition has its parent's triggers, but may have them switched off.
SEPARATE = """
    (NOT g.tgisinternal AND g.tgparentid = 0 OR EXISTS (
      SELECT FROM pg_trigger u WHERE u.oid = g.tgparentid AND NOT u.tgisinternal AND u.tgenabled <> g.tgenabled))"""
POLICY_ROLES = """
    ARRAY(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END FROM unnest(p.polroles) r ORDER BY 1)"""
POLICY = "concat_ws(' | ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))"

ATTACHED = {
    # What a partition has from its parent comes and goes with it; NOT NULL is a fact of the column.
    "constraint": of_table(
        "pg_constraint",
        "k",
        "conrelid",
        "conname",
        f"k.contype NOT IN ('n', 't') AND k.conparentid = 0 AND {OF_NO_EXTENSION}",
        kind="k.contype",
        references="nullif(k.confrelid, 0)::regclass::text",
        on_delete="CASE WHEN k.contype = 'f' THEN k.confdeltype END",
        on_update="CASE WHEN k.contype = 'f' THEN k.confupdtype END",
        deferrable="k.condeferrable",
        deferred="k.condeferred",
        definition=hashed("pg_get_constraintdef(k.oid)"),
        not_validated="NOT k.convalidated",
    ),
    "trigger": of_table(
        "pg_trigger",
        "g",
        "tgrelid",
        "tgname",
        f"{SEPARATE} AND {OF_NO_EXTENSION}",
        function="g.tgfoid::regprocedure::text",
        definition=hashed("pg_get_triggerdef(g.oid)"),
        enabled="nullif(g.tgenabled, 'O')",
    ),
    "rule": of_table(
        "pg_rewrite",
        "r",
        "ev_class",
        "rulename",
        f"r.rulename <> '_RETURN' AND {OF_NO_EXTENSION}",
        definition=hashed("pg_get_ruledef(r.oid)"),
        enabled="nullif(r.ev_enabled, 'O')",
    ),
    "policy": of_table(
        "pg_policy",
        "p",
        "polrelid",
        "polname",
        OF_NO_EXTENSION,
        command="p.polcmd",
        restrictive="NOT p.polpermissive",
        roles=POLICY_ROLES,
        queries=f"{POLICY} ~ 'SELECT'",
        definition=hashed(POLICY),
    ),
    "statistics": in_schema(
        "pg_statistic_ext",
        "o",
        "stx",
        "format('%I.%I', n.nspname, o.stxname)",
        target="nullif(o.stxstattarget, -1)",
        definition=hashed("pg_get_statisticsobjdef(o.oid)"),
    ),
}
