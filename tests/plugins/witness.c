/*
 * Tells its watchers (path argument `role` = "watch") how every other connection ended; keeps ids,
 * not pointers, and counts on the state being zeroed. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <string.h>

enum { WATCHERS_MAX = 8 };

struct witness_args {
	const char *role;
};
SL_ARGS(witness_args, SL_FIELD(role));

struct witness_plugin {
	uint64_t watchers[WATCHERS_MAX];
	uint64_t last_id;
};
struct witness_state {
	int messages;
};

static int witness_connect(struct sl_conn *conn, const struct witness_args *args)
{
	struct witness_plugin *all = sl_plugin_state(sl_plugin_of(conn));

	if (strcmp(args->role, "refused") == 0)
		return sl_refuse(conn, 403, "by its role");
	if (strcmp(args->role, "watch") != 0) {
		all->last_id = sl_id(conn);
		return SL_OK;
	}
	for (int i = 0; i < WATCHERS_MAX; i++) {
		if (!sl_find(all->watchers[i])) {
			all->watchers[i] = sl_id(conn);
			return SL_OK;
		}
	}
	return sl_refuse(conn, 503, "too many watchers");
}

/* The first close counts; all that follows is told so, and changes nothing. */
static int witness_close_twice(struct sl_conn *conn)
{
	int first = sl_close(conn, 4006, "first");
	int second = sl_close(conn, 4007, "second");

	sl_log(conn, SL_LOG_INFO, "closed twice: %d %d %d", first, second, sl_sendf(conn, "late"));
	return SL_FAILED;
}

static int witness_message(
	struct sl_conn *conn, const struct witness_args *args, const struct sl_message *msg)
{
	struct witness_plugin *all = sl_plugin_state(sl_plugin_of(conn));
	struct witness_state *state = sl_state(conn);

	(void)args;
	state->messages++;
	if (msg->data.len == 5 && memcmp(msg->data.ptr, "close", 5) == 0)
		return sl_close(conn, 4005, "as asked");
	if (msg->data.len == 5 && memcmp(msg->data.ptr, "twice", 5) == 0)
		return witness_close_twice(conn);
	return sl_sendf(conn, "messages=%d last=%s", state->messages,
		sl_find(all->last_id) ? "here" : "gone");
}

static void witness_disconnect(
	struct sl_conn *conn, const struct witness_args *args, const struct sl_end *end)
{
	static const char *const by[] = {"nobody", "peer", "plugin", "host"};
	struct witness_plugin *all = sl_plugin_state(sl_plugin_of(conn));

	/* Sending from here goes nowhere, and must hurt nobody. */
	sl_sendf(conn, "too late");
	if (strcmp(args->role, "watch") == 0)
		return;
	for (int i = 0; i < WATCHERS_MAX; i++) {
		struct sl_conn *watcher = sl_find(all->watchers[i]);

		if (watcher)
			sl_sendf(watcher, "%s ended by=%s code=%" PRIu32 " reason=%.*s", args->role,
				by[end->by], end->code, SL_STR(end->reason));
	}
}

SL_PLUGIN(witness, witness_args, .state_size = sizeof(struct witness_state),
	.plugin_state_size = sizeof(struct witness_plugin), .connect = witness_connect,
	.message = witness_message, .disconnect = witness_disconnect);
