/*
 * For fixtures that lie: SL_PLUGIN makes a correct descriptor, and ALTERED hands out a copy with
 * one thing changed. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_ALTERED_H
#define SOCKLET_TESTS_ALTERED_H

#include <socklet.h>

static int fixture_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	(void)args;
	return sl_send(conn, message->type, message->data.ptr, message->data.len);
}

/* A correct descriptor under another name than the exported one. */
static sl_entry fixture_entry;
#define socklet_plugin fixture_entry
#define FIXTURE(name)  SL_PLUGIN(name, sl_no_args, .message = fixture_message)

/* `change` is statements about `info`. Write it below #undef socklet_plugin. */
#define ALTERED(change)                                   \
	const struct sl_plugin_info *socklet_plugin(void) \
	{                                                 \
		static struct sl_plugin_info info;        \
                                                          \
		info = *fixture_entry();                  \
		change return &info;                      \
	}                                                 \
	struct sl_conn /* takes the semicolon */

#endif
