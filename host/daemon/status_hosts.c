/*
 * What the master knows by itself: no worker is asked. Called by status.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/status_hosts.h"

#include "call/presence.h"
#include "daemon/master_state.h"
#include "daemon/process.h"

json_t *status_hosts_own(const struct master *master)
{
	const struct hub_roster *others = &master->hub.others;
	const struct roster *roster = &others->roster;
	char host[PRESENCE_HOST_SIZE];
	json_t *speaker = others->speaker == NULL ? json_null()
						  : json_integer(others->speaker->index + 1);

	presence_print_host(host, master->hub.id);
	return json_pack("{s:s, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "host", host, "members",
		(json_int_t)master->hub.present.count, "speaker", speaker, "sent",
		(json_int_t)roster->counts.sent, "heard", (json_int_t)roster->counts.heard,
		"refused", (json_int_t)roster->counts.refused, "hosts_left_out",
		(json_int_t)roster->counts.hosts_left_out, "bytes", (json_int_t)roster->bytes,
		"bytes_max", (json_int_t)roster->limits.bytes_max);
}

static void add_host(void *context, const struct roster_census *census)
{
	const char *state = census->is_leaving ? "leaving" : census->is_behind ? "asking" : "known";
	char host[PRESENCE_HOST_SIZE];

	presence_print_host(host, census->host);
	json_array_append_new(context,
		json_pack("{s:s, s:s, s:I, s:I, s:I}", "host", host, "state", state, "members",
			(json_int_t)census->members, "left_out", (json_int_t)census->left_out,
			"heard_ms", (json_int_t)census->heard_ms));
}

json_t *status_hosts_others(const struct master *master)
{
	json_t *out = json_array();

	roster_each(&master->hub.others.roster, process_now_ms(), add_host, out);
	return out;
}
