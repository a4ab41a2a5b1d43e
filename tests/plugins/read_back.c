/*
 * Reads back parts of the request, by the names that the message gives: "header host 0", "cookie
 * a", "query q 1", "path id", "target", "peer", "protocol 0". SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sl_str read_back_part(
	struct sl_conn *conn, const char *what, const char *name, size_t n)
{
	struct sl_str header = {NULL, 0};

	if (strcmp(what, "header") == 0)
		return sl_header(conn, name, n);
	if (strcmp(what, "cookie") == 0)
		return sl_cookie(conn, name);
	if (strcmp(what, "query") == 0)
		return *name ? sl_query_param(conn, name, n) : sl_query(conn);
	if (strcmp(what, "path") == 0)
		return *name ? sl_path_param(conn, name) : sl_path(conn);
	if (strcmp(what, "target") == 0)
		return sl_target(conn);
	if (strcmp(what, "protocol") == 0)
		return sl_subprotocol(conn, strtoul(name, NULL, 10));
	if (strcmp(what, "line") == 0)
		sl_header_at(conn, strtoul(name, NULL, 10), &header);
	if (strcmp(what, "peer") == 0)
		header = (struct sl_str){sl_peer(conn), strlen(sl_peer(conn))};
	return header;
}

static int read_back_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	char text[256], what[32] = "", name[64] = "";
	size_t n = 0;
	struct sl_str value;

	(void)args;
	snprintf(text, sizeof(text), "%.*s", SL_STR(msg->data));
	sscanf(text, "%31s %63s %zu", what, name, &n);
	value = read_back_part(conn, what, name, n);
	return value.ptr ? sl_sendf(conn, "%.*s", SL_STR(value)) : sl_sendf(conn, "(absent)");
}

SL_PLUGIN(read_back, sl_no_args, .flags = SL_KEEP_REQUEST, .message = read_back_message);
