/*
 * Takes a struct that another plugin's provider gives, and leaves a mark in it.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>

#include "purse.h"

struct sharer_args {
	struct purse *mine;
	const struct purse *again;
};
SL_ARGS(sharer_args, SL_FIELD_STRUCT(mine, purse), SL_FIELD_STRUCT(again, purse));

static int sharer_message(
	struct sl_conn *conn, const struct sharer_args *args, const struct sl_message *msg)
{
	(void)msg;
	args->mine->takers++;
	return sl_sendf(conn, "%d coins, %s, %d takers", args->again->coins,
		args->mine == args->again ? "shared" : "apart", args->again->takers);
}

SL_PLUGIN(sharer, sharer_args, .message = sharer_message);
