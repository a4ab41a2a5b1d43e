/*
 * Everybody hears what one says, as fast as the throng's route lets each. "flood N" tells everybody
 * else N messages "<number>" of 1,000 bytes at once; "keyed N" the same with the number modulo 5 as
 * key; "wrong" misuses what is new; "state" answers what the own queue is like. Whoever got SL_FULL
 * says in drained how much is queued. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 64, BYTES = 1000, KEYS = 5 };

struct throng {
	uint64_t members[MEMBERS];
	size_t count;
	uint64_t ok, full, dropped;
};
struct member {
	bool was_full;
};

static int throng_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	struct throng *throng = sl_plugin_state(sl_plugin_of(conn));

	(void)args;
	if (throng->count == MEMBERS)
		return sl_refuse(conn, 503, "crowded");
	throng->members[throng->count++] = sl_id(conn);
	return SL_OK;
}

static void tell(struct sl_conn *conn, struct throng *throng, unsigned number, bool is_keyed)
{
	struct member *member = sl_state(conn);
	char text[BYTES + 1];
	int result;

	snprintf(text, sizeof(text), "%-*u", BYTES, number);
	if (is_keyed)
		result = sl_send_keyed(conn, number % KEYS + 1, SL_TEXT, text, BYTES);
	else
		result = sl_send(conn, SL_TEXT, text, BYTES);
	throng->ok += result == SL_OK;
	throng->full += result == SL_FULL;
	throng->dropped += result == SL_DROPPED;
	member->was_full |= result == SL_FULL;
}

static void tell_others(struct sl_conn *from, unsigned count, bool is_keyed)
{
	struct throng *throng = sl_plugin_state(sl_plugin_of(from));

	for (unsigned n = 0; n < count; n++) {
		for (size_t i = 0; i < throng->count; i++) {
			struct sl_conn *conn = sl_find(throng->members[i]);

			if (conn && conn != from)
				tell(conn, throng, n, is_keyed);
		}
	}
}

static int wrong(struct sl_conn *conn)
{
	static char big[1 << 20];
	int none = sl_send_keyed(conn, 0, SL_TEXT, "x", 1);
	int type = sl_send_keyed(conn, 1, 7, "x", 1);
	int null = sl_send_keyed(conn, 1, SL_BINARY, NULL, 1);
	int utf8 = sl_send_keyed(conn, 1, SL_TEXT, "\xff", 1);
	int huge = sl_send_keyed(conn, 1, SL_BINARY, big, SIZE_MAX);
	int full = sl_send(conn, SL_BINARY, big, sizeof(big));

	return sl_sendf(conn, "%d %d %d %d %d %d", none, type, null, utf8, huge, full);
}

static int throng_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	struct throng *throng = sl_plugin_state(sl_plugin_of(conn));
	char text[32] = "";

	(void)args;
	memcpy(text, msg->data.ptr, msg->data.len < 31 ? msg->data.len : 31);
	if (strncmp(text, "flood ", 6) == 0)
		tell_others(conn, (unsigned)atoi(text + 6), false);
	else if (strncmp(text, "keyed ", 6) == 0)
		tell_others(conn, (unsigned)atoi(text + 6), true);
	else if (strcmp(text, "wrong") == 0)
		return wrong(conn);
	return sl_sendf(conn,
		"ok=%" PRIu64 " full=%" PRIu64 " dropped=%" PRIu64 " mine=%" PRIu64 " limit=%zu",
		throng->ok, throng->full, throng->dropped, sl_dropped(conn), sl_queue_limit(conn));
}

static void throng_drained(struct sl_conn *conn, const struct sl_no_args *args)
{
	struct member *member = sl_state(conn);

	(void)args;
	if (!member->was_full)
		return;
	member->was_full = false;
	sl_sendf(conn, "drained at %s", sl_queued(conn) <= sl_queue_limit(conn) / 2 ? "half" : "?");
}

static void throng_disconnect(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_end *end)
{
	struct throng *throng = sl_plugin_state(sl_plugin_of(conn));

	(void)args;
	for (size_t i = 0; i < throng->count; i++)
		if (throng->members[i] == sl_id(conn))
			throng->members[i--] = throng->members[--throng->count];
	sl_log(conn, SL_LOG_INFO, "gone with %u, %s", (unsigned)end->code,
		sl_dropped(conn) ? "some dropped" : "none dropped");
}

SL_PLUGIN(throng, sl_no_args, .state_size = sizeof(struct member),
	.plugin_state_size = sizeof(struct throng), .connect = throng_connect,
	.message = throng_message, .disconnect = throng_disconnect, .drained = throng_drained);
