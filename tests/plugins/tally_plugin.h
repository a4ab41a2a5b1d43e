/*
 * A plugin that counts each connection's messages, for the stories about hand-over: a version
 * #defines VERSION and LAYOUT (1 or 2, and what it says of itself), includes this, and ends in a
 * SL_PLUGIN. It answers "v2 count=3 hops=1 from=v1 <name> <tags> <text>", where `from` is the
 * version that was connected to. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <string.h>

#ifndef NAME
#define NAME name /* of the first argument */
#endif
struct tally_args {
	const char *NAME;
	struct sl_list_text tags;
};
#define FIELD(member, value) SL_FIELD(member, .default_value = value)
SL_ARGS(tally_args, FIELD(NAME, "nobody"), FIELD(tags, "a|b"));

struct tally_1 {
	int64_t count, hops;
	char from[8]; /* no pointer: the literal goes with its code */
};
struct tally_2 {
	char from[8];
	int64_t hops, count;
	char more[100];
};

#define STATE_OF_(layout) struct tally_##layout
#define STATE_OF(layout)  STATE_OF_(layout)
typedef STATE_OF(LAYOUT) tally_state;

static void nothing(struct sl_conn *conn, void *data)
{
	(void)conn;
	(void)data;
}

static void no_work(void *data)
{
	(void)data;
}

static void say_done(struct sl_conn *conn, void *data)
{
	(void)data;
	sl_sendf(conn, VERSION " done");
}

static int tally_connect(struct sl_conn *conn, const struct tally_args *args)
{
	(void)args;
	strcpy(((tally_state *)sl_state(conn))->from, VERSION);
	return SL_OK;
}

static int tally_message(
	struct sl_conn *conn, const struct tally_args *args, const struct sl_message *msg)
{
	tally_state *state = (tally_state *)sl_state(conn);

	state->count++;
	if (msg->data.len == 5 && memcmp(msg->data.ptr, "timer", 5) == 0)
		sl_conn_timer(conn, 50, 0, nothing, NULL);
	if (msg->data.len == 7 && memcmp(msg->data.ptr, "offload", 7) == 0)
		sl_offload(conn, no_work, say_done, NULL, NULL);
	return sl_sendf(conn, VERSION " count=%d hops=%d from=%s %s %s%s %.*s", (int)state->count,
		(int)state->hops, state->from, args->NAME, args->tags.items[0], args->tags.items[1],
		SL_STR(msg->data));
}

#define TAKE_FROM(old)                            \
	do {                                      \
		state->count = (old)->count;      \
		state->hops = (old)->hops + 1;    \
		strcpy(state->from, (old)->from); \
	} while (0)

__attribute__((unused)) static int tally_hand_over(struct sl_conn *conn, const void *old_state,
	uint32_t old_layout, size_t old_size, void *state_bytes)
{
	tally_state *state = (tally_state *)state_bytes;

	if (state != sl_state(conn))
		return SL_FAILED;
	if (old_layout == 1 && old_size == sizeof(struct tally_1))
		TAKE_FROM((const struct tally_1 *)old_state);
	else if (old_layout == 2 && old_size == sizeof(struct tally_2))
		TAKE_FROM((const struct tally_2 *)old_state);
	else
		return SL_FAILED;
	return SL_OK;
}

#define TALLY(...)                                                                                \
	SL_PLUGIN(tally, tally_args, .state_size = sizeof(tally_state), .connect = tally_connect, \
		.message = tally_message, __VA_ARGS__)
