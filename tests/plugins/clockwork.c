/*
 * Timers: each connection ticks ten times, one timer is cancelled before it fires, and the plugin's
 * own timer counts from start on. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

enum { TICKS = 10 };

struct clockwork_plugin {
	int beats;
};
struct clockwork_state {
	struct sl_timer *ticker;
	int ticks;
};

static void clockwork_on_beat(struct sl_plugin *plugin, void *data)
{
	struct clockwork_plugin *all = sl_plugin_state(plugin);

	(void)data;
	all->beats++;
}

static int clockwork_start(struct sl_plugin *plugin)
{
	return sl_plugin_timer(plugin, 10, 10, clockwork_on_beat, NULL) ? SL_OK : SL_FAILED;
}

static void clockwork_on_never(struct sl_conn *conn, void *data)
{
	(void)data;
	sl_sendf(conn, "a cancelled timer fired");
}

static void clockwork_on_tick(struct sl_conn *conn, void *data)
{
	struct clockwork_state *state = data;

	sl_sendf(conn, "tick %d", ++state->ticks);
	if (state->ticks == TICKS) {
		sl_timer_cancel(state->ticker);
		sl_close(conn, 1000, "run down");
	}
}

static int clockwork_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	struct clockwork_state *state = sl_state(conn);

	(void)args;
	state->ticker = sl_conn_timer(conn, 5, 5, clockwork_on_tick, state);
	sl_timer_cancel(sl_conn_timer(conn, 5, 0, clockwork_on_never, NULL));
	return state->ticker ? SL_OK : SL_FAILED;
}

static int clockwork_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	const struct clockwork_plugin *all = sl_plugin_state(sl_plugin_of(conn));

	(void)args;
	(void)msg;
	return sl_sendf(conn, "beats=%s", all->beats > 0 ? "some" : "none");
}

SL_PLUGIN(clockwork, sl_no_args, .state_size = sizeof(struct clockwork_state),
	.plugin_state_size = sizeof(struct clockwork_plugin), .start = clockwork_start,
	.connect = clockwork_connect, .message = clockwork_message);
