/*
 * One is enough as a rule, as no connection's bytes are decoded within another's.
 * SPDX-License-Identifier: MIT
 */
#include "net/ws_decoders.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "net/conn.h"

struct ws_decoder *ws_decoders_borrow(struct conn *conn)
{
	struct ws_decoder *decoder = extra_of(conn)->decoder;

	if (decoder != NULL) {
		conn_extra(conn)->decoder = NULL;
		return decoder;
	}
	decoder = conn->set->decoder;
	conn->set->decoder = NULL;
	if (decoder == NULL) {
		decoder = xmalloc(sizeof(*decoder));
		ws_decoder_init(decoder, 0);
	}
	ws_decoders_follow(conn, decoder);
	decoder->takes_compressed = extra_of(conn)->deflate != NULL;
	return decoder;
}

void ws_decoders_give_back(struct conn *conn, struct ws_decoder *decoder, bool may_keep)
{
	if (may_keep && ws_decoder_is_inside(decoder)) {
		conn_extra(conn)->decoder = decoder;
		return;
	}
	if (decoder->is_busy) {
		ws_decoder_fini(decoder);
		ws_decoder_init(decoder, 0);
	}
	if (conn->set->decoder == NULL)
		conn->set->decoder = decoder;
	else
		free(decoder);
}

void ws_decoders_follow(const struct conn *conn, struct ws_decoder *decoder)
{
	ws_decoder_set_limits(
		decoder, conn->ws.limits->message_bytes, (uint32_t)conn->ws.limits->frame_bytes);
	/* Those before count for no rate. */
	decoder->frames = 0;
}

void ws_decoders_drop(struct conn *conn)
{
	struct ws_decoder *decoder = extra_of(conn)->decoder;

	if (decoder == NULL)
		return;
	conn_extra(conn)->decoder = NULL;
	ws_decoder_fini(decoder);
	free(decoder);
}
