/*
 * Counted when it is asked for. Called by worker_process.c; status.c adds the workers up.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/worker_status.h"

#include <jansson.h>

#include "call/census.h"
#include "net/worker.h"

void worker_status(struct buf *out, const struct worker *worker, const struct host *host)
{
	json_t *routes = json_array(), *all;
	struct census census;
	char *text;

	census_take(&census, host);
	for (size_t i = 0; i < census.count; i++) {
		const struct census_row *row = &census.rows[i];

		json_array_append_new(routes,
			json_pack("{s:i, s:s, s:s, s:i, s:I}", "generation", row->generation,
				"path", row->path, "plugin", row->plugin, "version", row->version,
				"connections", (json_int_t)row->sessions));
	}
	census_fini(&census);
	all = json_pack("{s:I, s:o}", "connections", (json_int_t)worker_connection_count(worker),
		"routes", routes);
	text = json_dumps(all, JSON_COMPACT);
	buf_append_span(out, span_of(text));
	free(text);
	json_decref(all);
}
