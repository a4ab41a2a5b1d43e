/*
 * One of two plugins with equal global names, one of which the host has too; each has to meet its
 * own. SPDX-License-Identifier: MIT
 */
#include "same_symbol.h"

#define OWN_VALUE 200

int shared_counter = OWN_VALUE;

int shared_value(void)
{
	return shared_counter++;
}

/* The host's has other arguments and would not survive this call. */
int arena_alloc(void)
{
	return OWN_VALUE + 50;
}

int fixture_sum(void)
{
	return shared_value() + arena_alloc();
}

static int message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	(void)args;
	return sl_send(conn, message->type, message->data.ptr, message->data.len);
}

SL_PLUGIN(same_symbol_b, sl_no_args, .message = message);
