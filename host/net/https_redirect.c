/*
 * 308 and not 301: a POST stays a POST. Called by http_conn.c instead of host_request.
 * SPDX-License-Identifier: MIT
 */
#include "net/https_redirect.h"

#include "call/host.h"
#include "net/conn.h"
#include "wire/https_location.h"

void https_redirect_reply(struct conn *conn, const struct http_head *head)
{
	struct reply reply = {.status = 308, .fd = -1};
	struct err why;

	buf_printf(&reply.headers, "Location: ");
	if (https_location_append(&reply.headers, head, extra_of(conn)->https_port, &why)) {
		buf_printf(&reply.headers, "\r\n");
		transport_ops(&conn->transport)->reply(&conn->transport, &reply);
	} else {
		host_bad_request(&conn->transport, &why);
	}
	buf_fini(&reply.headers);
}
