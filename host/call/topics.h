/*
 * The functions of socklet.h about topics: they check what a plugin asks for; fan_out.c and bus.c
 * do the rest. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_TOPICS_H
#define SOCKLET_CALL_TOPICS_H

#include <stdarg.h>

#include "call/session.h"

enum {
	TOPICS_OF_MEMBER_MAX = 1000,           /* subscriptions of one connection */
	TOPICS_MESSAGE_MAX = 16 * 1024 * 1024, /* bytes */
};

int topics_subscribe(struct sl_conn *conn, const char *topic, uint32_t flags);
int topics_unsubscribe(struct sl_conn *conn, const char *topic);
int topics_publish(
	struct sl_conn *conn, const char *topic, uint32_t type, const void *data, size_t len);
int topics_plugin_publish(
	struct sl_plugin *plugin, const char *topic, uint32_t type, const void *data, size_t len);
SL_PRINTF(3, 0)
int topics_vpublishf(struct sl_conn *conn, const char *topic, const char *format, va_list args);
SL_PRINTF(3, 0)
int topics_plugin_vpublishf(
	struct sl_plugin *plugin, const char *topic, const char *format, va_list args);
/* The host itself, for nobody's connection: `who` is for the log. False: no room. */
bool topics_host_publish(struct host *host, const char *who, const char *topic,
	enum ws_opcode opcode, struct span data);
size_t topics_subscribers(const struct sl_host *table, const char *topic);

#endif
