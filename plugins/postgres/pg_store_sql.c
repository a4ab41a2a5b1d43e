/*
 * T has what is kept, T_topics of each topic how many messages that are and the highest number that
 * is not there any more, T_state one row: the order, the last number, bytes, up to which number
 * topics that are not in T_topics may have had messages. T_origins has the last sequence of each
 * worker. Names are bytes, so that the encoding of the database does not matter. The row of T_state
 * is locked until the commit: numbers are in the order of commits, and so of notifications.
 * SPDX-License-Identifier: MIT
 */
#include "pg_store_sql.h"

/* Its transaction waits for another worker's, so that one of them makes them. */
const char pg_store_sql_tables[] =
	"DO $$ BEGIN IF to_regclass('{T}_origins') IS NULL THEN "
	"PERFORM pg_advisory_xact_lock(hashtext('{T}')); "
	"CREATE TABLE IF NOT EXISTS {T} (number bigint PRIMARY KEY, topic bytea NOT NULL, "
	"ends timestamptz, head bytea NOT NULL, data bytea NOT NULL); "
	"CREATE INDEX IF NOT EXISTS {I}_by_topic ON {T} (topic, number); "
	"CREATE TABLE IF NOT EXISTS {T}_topics (topic bytea PRIMARY KEY, gone bigint NOT NULL, "
	"kept bigint NOT NULL); "
	"CREATE INDEX IF NOT EXISTS {I}_by_gone ON {T}_topics (gone); "
	"CREATE TABLE IF NOT EXISTS {T}_state (is_one boolean PRIMARY KEY DEFAULT true CHECK "
	"(is_one), ordered text NOT NULL, timeline text NOT NULL, last bigint NOT NULL, "
	"bytes bigint NOT NULL, forgotten bigint NOT NULL); "
	"CREATE TABLE IF NOT EXISTS {T}_origins (origin text PRIMARY KEY, sequence bigint NOT "
	"NULL, at timestamptz NOT NULL); "
	"END IF; END $$";

/*
 * What a topic has too much of, or too old, goes; then what all have too much of: topics that have
 * nothing first, as of them only the name is lost, then messages, the oldest of all first.
 */
const char pg_store_sql_function[] =
	"DO $do$ BEGIN IF to_regproc('{T}_keep1') IS NULL THEN "
	"PERFORM pg_advisory_xact_lock(hashtext('{T}')); "
	"CREATE OR REPLACE FUNCTION {T}_keep1(t bytea, h bytea, d bytea, o text, q bigint, most "
	"bigint, ms bigint, room bigint, note text) RETURNS void LANGUAGE plpgsql AS $f$ "
	"DECLARE s {T}_state; n bigint; k bigint; v record; BEGIN "
	"SELECT * INTO s FROM {T}_state FOR UPDATE; "
	"INSERT INTO {T}_origins AS x VALUES (o, q, now()) ON CONFLICT (origin) DO UPDATE "
	"SET sequence = q, at = now() WHERE x.sequence < q; "
	"IF NOT FOUND THEN RETURN; END IF; "
	"n := s.last + 1; "
	"IF NOT EXISTS (SELECT FROM {T}_topics WHERE topic = t) AND t <> '' THEN "
	"INSERT INTO {T}_topics VALUES (t, s.forgotten, 0); "
	"s.bytes := s.bytes + length(t) + 200; END IF; "
	"IF most = 0 AND t = '' THEN s.forgotten := n; "
	"ELSIF most = 0 THEN UPDATE {T}_topics SET gone = n WHERE topic = t; "
	"ELSE "
	"UPDATE {T}_topics SET kept = kept + 1 WHERE topic = t RETURNING kept INTO k; "
	"INSERT INTO {T} VALUES (n, t, CASE WHEN ms > 0 THEN clock_timestamp() + ms * interval "
	"'1 ms' END, h, d); "
	"s.bytes := s.bytes + length(t) + length(d) + 240; "
	"IF k > most OR ms > 0 THEN FOR v IN DELETE FROM {T} WHERE number IN "
	"((SELECT number FROM {T} WHERE topic = t ORDER BY number LIMIT greatest(k - most, 0)) "
	"UNION (SELECT number FROM {T} WHERE topic = t AND ends < now() ORDER BY number LIMIT "
	"1000)) RETURNING number, length(topic) + length(data) + 240 AS size LOOP "
	"s.bytes := s.bytes - v.size; "
	"UPDATE {T}_topics SET kept = kept - 1, gone = greatest(gone, v.number) WHERE topic = t; "
	"END LOOP; END IF; END IF; "
	"WHILE s.bytes > room LOOP "
	"DELETE FROM {T}_topics WHERE topic = (SELECT topic FROM {T}_topics WHERE kept = 0 "
	"ORDER BY gone LIMIT 1) RETURNING topic, gone INTO v; "
	"IF FOUND THEN s.bytes := s.bytes - length(v.topic) - 200; "
	"s.forgotten := greatest(s.forgotten, v.gone); CONTINUE; END IF; "
	"DELETE FROM {T} WHERE number = (SELECT number FROM {T} ORDER BY number LIMIT 1) "
	"RETURNING number, topic, length(topic) + length(data) + 240 AS size INTO v; "
	"EXIT WHEN NOT FOUND; "
	"s.bytes := s.bytes - v.size; "
	"UPDATE {T}_topics SET kept = kept - 1, gone = greatest(gone, v.number) WHERE topic = "
	"v.topic; END LOOP; "
	"UPDATE {T}_state SET last = n, bytes = s.bytes, forgotten = s.forgotten; "
	"PERFORM pg_notify('{C}', '#' || s.ordered || '-' || n || note); "
	"PERFORM set_config('synchronous_commit', 'on', true); "
	"END $f$; END IF; END $do$";

/*
 * $1: an order, in case that there is none. A server that has been promoted may lack the last of
 * what its predecessor had promised: another order begins, and nothing of before counts. It is
 * written before anybody has seen a position of it.
 */
const char pg_store_sql_begin[] =
	"WITH line AS (SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS now, "
	"set_config('synchronous_commit', 'on', true) AS sync) "
	"INSERT INTO {T}_state AS x SELECT true, $1::text, line.now, 1, 0, 1 FROM line "
	"WHERE line.sync = 'on' "
	"ON CONFLICT (is_one) DO UPDATE SET ordered = excluded.ordered, "
	"timeline = excluded.timeline, "
	"forgotten = x.last WHERE x.timeline <> excluded.timeline";

const char pg_store_sql_keep[] =
	"SELECT {T}_keep1($1::bytea, $2::bytea, $3::bytea, $4, $5::bigint, $6::bigint, "
	"$7::bigint, $8::bigint, $9)";

/*
 * One statement sees one moment. $1: after, $2: the topic, $3: how many rows, $4: how many bytes.
 * Rows: 0 the state; 1 topics of which something has gone; 2 messages.
 */
const char pg_store_sql_recall_one[] =
	"SELECT * FROM (SELECT 0 AS kind, last AS number, forgotten AS other, ''::bytea AS topic, "
	"ordered::bytea AS head, NULL::bytea AS data FROM {T}_state "
	"UNION ALL SELECT 1, gone, 0, topic, NULL, NULL FROM {T}_topics WHERE topic = $2::bytea "
	"UNION ALL SELECT 2, number, coalesce(ends < now(), false)::int, topic, head, data FROM "
	"(SELECT *, sum(length(data)) OVER (ORDER BY number) - length(data) AS before FROM "
	"(SELECT * FROM {T} WHERE topic = $2::bytea AND number > $1::bigint ORDER BY number "
	"LIMIT $3::bigint) c) m WHERE before < $4::bigint) r ORDER BY kind, number";

/* $2: what the topics begin with. */
const char pg_store_sql_recall[] =
	"SELECT * FROM (SELECT 0 AS kind, last AS number, forgotten AS other, ''::bytea AS topic, "
	"ordered::bytea AS head, NULL::bytea AS data FROM {T}_state "
	"UNION ALL (SELECT 1, gone, 0, topic, NULL, NULL FROM {T}_topics WHERE gone > $1::bigint "
	"AND substr(topic, 1, length($2::bytea)) = $2::bytea LIMIT 10001) "
	"UNION ALL SELECT 2, number, coalesce(ends < now(), false)::int, topic, head, data FROM "
	"(SELECT *, sum(length(data)) OVER (ORDER BY number) - length(data) AS before FROM "
	"(SELECT * FROM {T} WHERE number > $1::bigint AND "
	"substr(topic, 1, length($2::bytea)) = $2::bytea ORDER BY number LIMIT $3::bigint) c) m "
	"WHERE before < $4::bigint) r ORDER BY kind, number";

const char pg_store_sql_fetch[] = "SELECT data FROM {T} WHERE number = $1::bigint";

const char pg_store_sql_clean[] = "DELETE FROM {T}_origins WHERE at < now() - interval '1 day'";
