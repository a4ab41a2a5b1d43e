/*
 * postgres: a bus driver on LISTEN and NOTIFY. All messages go by one channel: PostgreSQL shows
 * every notification to every listener's process anyway, knows no wildcards, and cuts names at 63
 * bytes; so each worker hears all, and passes over what nobody wants there. What is longer than a
 * NOTIFY is a row of a table, kept for a while. Topics with a history are pg_store.c's.
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>

#include "pg_inbox.h"
#include "pg_outbox.h"
#include "pg_store.h"

struct postgres_options {
	const char *url;
	const char *channel;
	const char *table;
	const char *history;
	int64_t keep_seconds; /* a row */
};
#define NAME "[a-z_][a-z0-9_]{0,62}"
SL_ARGS(postgres_options, SL_FIELD(url),
	SL_FIELD(channel, .default_value = "socklet", .pattern = "^" NAME "$"),
	SL_FIELD(table, .default_value = "socklet_large", .pattern = "^(" NAME "[.])?" NAME "$"),
	SL_FIELD(history, .default_value = "socklet_history",
		.pattern = "^([a-z_][a-z0-9_]{0,39}[.])?[a-z_][a-z0-9_]{0,39}$"),
	SL_FIELD(keep_seconds, .default_value = "60", .ge = "2", .le = "86400"));

struct postgres {
	struct pg_link link;
	struct pg_outbox outbox;
	struct pg_inbox inbox;
	struct pg_store store;
	struct pg_filters filters;
};

static struct postgres *of(struct pg_link *link)
{
	return sl_plugin_state(link->plugin);
}

/* ---- what the connection tells --------------------------------------------------------------- */

/* Its transaction waits for another worker's, so that one of them makes the table. */
static void make_table(struct pg_link *link, const char *table)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
		"DO $$ BEGIN IF to_regclass('%s') IS NULL THEN "
		"PERFORM pg_advisory_xact_lock(hashtext('%s')); "
		"CREATE UNLOGGED TABLE IF NOT EXISTS %s (id bigint GENERATED ALWAYS AS IDENTITY "
		"PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), data bytea NOT NULL); "
		"END IF; END $$",
		table, table, table);
	pg_link_ask(link, PG_SETUP, sql);
}

/* Losing what the last transactions wrote, when the machine fails, loses no more than NOTIFY does.
 */
static void on_setup(struct pg_link *link)
{
	const struct postgres_options *options = sl_options(link->plugin);
	const char *channel = options->channel, *table = options->table;
	char sql[1024];

	pg_link_ask(link, PG_SETUP, "SET synchronous_commit TO off");
	make_table(link, table);
	snprintf(sql, sizeof(sql), "SELECT pg_notify('%s', $1)", channel);
	pg_link_prepare(link, PG_SETUP, "note", sql);
	snprintf(sql, sizeof(sql),
		"WITH made AS (INSERT INTO %s (data) VALUES ($2::bytea) RETURNING id) "
		"SELECT pg_notify('%s', '@' || id || $1::text) FROM made",
		table, channel);
	pg_link_prepare(link, PG_SETUP, "row", sql);
	snprintf(sql, sizeof(sql), "SELECT data FROM %s WHERE id = $1::bigint", table);
	pg_link_prepare(link, PG_SETUP, "fetch", sql);
	/* One worker's is enough, and none waits for another's. */
	snprintf(sql, sizeof(sql),
		"DELETE FROM %s WHERE (SELECT pg_try_advisory_xact_lock(hashtext('%s'))) "
		"AND at < now() - interval '%" PRId64 " seconds'",
		table, table, options->keep_seconds);
	pg_link_prepare(link, PG_SETUP, "clean", sql);
	snprintf(sql, sizeof(sql), "LISTEN \"%s\"", channel);
	pg_link_ask(link, PG_SETUP, sql);
}

static void on_up(struct pg_link *link)
{
	pg_filters_clear(&of(link)->filters);
	of(link)->filters.takes_all = true;
	pg_outbox_send(&of(link)->outbox, link);
	pg_inbox_go_on(&of(link)->inbox);
}

static void on_down(struct pg_link *link)
{
	pg_outbox_rewind(&of(link)->outbox);
	pg_inbox_rewind(&of(link)->inbox);
	pg_store_reset(&of(link)->store);
}

static void on_refused(struct pg_link *link, enum pg_task task, const char *why)
{
	const unsigned count = task == PG_PUBLISH ? pg_outbox_refuse(&of(link)->outbox) : 0;

	if (count == 0)
		return;
	sl_count(link->plugin, "refused", count);
	sl_plugin_log(link->plugin, SL_LOG_ERROR, "%u messages were refused and are lost: %s",
		count, why);
}

static void on_answered(struct pg_link *link, enum pg_task task, const PGresult *result)
{
	if (task == PG_FETCH)
		pg_inbox_fetched(&of(link)->inbox, result);
	else if (task == PG_RECALL)
		pg_store_recalled(&of(link)->store, result);
}

static void on_finished(struct pg_link *link, enum pg_task task)
{
	struct postgres *postgres = of(link);

	if (task == PG_PUBLISH) {
		if (pg_outbox_confirm(&postgres->outbox))
			pg_link_tell_up(link);
		pg_outbox_send(&postgres->outbox, link);
	} else if (task == PG_FETCH) {
		pg_inbox_go_on(&postgres->inbox);
	} else {
		pg_store_finished(&postgres->store, task);
	}
}

static void on_notified(struct pg_link *link, const char *note)
{
	pg_inbox_take(&of(link)->inbox, note);
}

static const struct pg_link_ops link_ops = {
	.setup = on_setup,
	.up = on_up,
	.down = on_down,
	.refused = on_refused,
	.answered = on_answered,
	.finished = on_finished,
	.notified = on_notified,
};

static void clean_fire(struct sl_plugin *plugin, void *data)
{
	struct pg_link *link = data;

	(void)plugin;
	if (!pg_link_has_room(link, 1))
		return;
	pg_link_run(link, PG_CLEAN, "clean", NULL, 0);
	pg_store_clean(&of(link)->store);
	pg_link_end(link, PG_CLEAN);
	pg_link_flush(link);
}

/* ---- what the host asks for ------------------------------------------------------------------ */

static int postgres_publish(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	struct postgres *postgres = sl_plugin_state(plugin);

	return pg_outbox_take(&postgres->outbox, message);
}

static int postgres_keep(struct sl_plugin *plugin, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule)
{
	struct postgres *postgres = sl_plugin_state(plugin);

	return pg_store_keep(&postgres->store, message, rule);
}

static int postgres_recall(struct sl_plugin *plugin, const struct sl_bus_recall *what)
{
	struct postgres *postgres = sl_plugin_state(plugin);

	return pg_store_recall(&postgres->store, what);
}

static void postgres_flush(struct sl_plugin *plugin)
{
	struct postgres *postgres = sl_plugin_state(plugin);

	postgres->filters.takes_all = false;
	pg_store_flush(&postgres->store);
	pg_outbox_send(&postgres->outbox, &postgres->link);
	pg_link_flush(&postgres->link);
}

static void postgres_wanted(struct sl_plugin *plugin, struct sl_str filter)
{
	struct postgres *postgres = sl_plugin_state(plugin);

	pg_filters_add(&postgres->filters, filter);
}

static void postgres_unwanted(struct sl_plugin *plugin, struct sl_str filter)
{
	struct postgres *postgres = sl_plugin_state(plugin);

	pg_filters_remove(&postgres->filters, filter);
}

/* Libraries below libpq leave memory behind when they are unloaded: once is enough. */
static void keep_libpq(void)
{
	Dl_info info;

	if (dladdr(PQresStatus(PGRES_COMMAND_OK), &info) != 0)
		dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

static int postgres_start(struct sl_plugin *plugin)
{
	struct postgres *postgres = sl_plugin_state(plugin);
	const struct postgres_options *options = sl_options(plugin);
	const uint64_t clean_ms = (uint64_t)options->keep_seconds * 1000 / 2;

	keep_libpq();
	if (!pg_link_check_url(plugin, options->url))
		return SL_FAILED;
	postgres->link.plugin = plugin;
	postgres->link.ops = &link_ops;
	postgres->link.url = options->url;
	pg_outbox_init(&postgres->outbox);
	pg_inbox_init(&postgres->inbox, &postgres->link, &postgres->filters);
	postgres->inbox.history = options->history;
	postgres->store = (struct pg_store){
		.link = &postgres->link, .table = options->history, .channel = options->channel};
	pg_store_init(&postgres->store);
	sl_plugin_timer(plugin, clean_ms, clean_ms, clean_fire, &postgres->link);
	pg_link_open(&postgres->link);
	return SL_OK;
}

/* What was taken leaves before the connection ends, as far as the kernel takes it. */
static void postgres_stop(struct sl_plugin *plugin)
{
	struct postgres *postgres = sl_plugin_state(plugin);

	pg_outbox_push_out(&postgres->outbox, &postgres->link);
	pg_link_close(&postgres->link);
	pg_outbox_fini(&postgres->outbox);
	pg_inbox_fini(&postgres->inbox);
	pg_store_reset(&postgres->store);
	pg_filters_clear(&postgres->filters);
}

static const struct sl_bus postgres_bus = {
	.size = sizeof(struct sl_bus),
	.publish = postgres_publish,
	.wanted = postgres_wanted,
	.unwanted = postgres_unwanted,
	.flush = postgres_flush,
	.keep = postgres_keep,
	.recall = postgres_recall,
};

SL_PLUGIN(postgres, sl_no_args, .options = postgres_options_table,
	.plugin_state_size = sizeof(struct postgres), .start = postgres_start,
	.stop = postgres_stop, .bus = &postgres_bus);
