/*
 * Both directions of one message. Called by the master and the workers. SPDX-License-Identifier:
 * MIT
 */
#include "daemon/order.h"

#include <string.h>

#include "daemon/pack.h"

void order_fini(struct order *order)
{
	arena_fini(&order->arena);
	memset(order, 0, sizeof(*order));
}

static void pack_texts(struct buf *out, const char *const *texts, size_t count)
{
	pack_number(out, count);
	for (size_t i = 0; i < count; i++)
		pack_text(out, texts[i]);
}

void order_pack(struct buf *out, const struct order *order)
{
	pack_number(out, order->number);
	pack_number(out, order->workers);
	pack_text(out, order->file);
	pack_span(out, order->text);
	pack_number(out, order->offer_count);
	for (size_t i = 0; i < order->offer_count; i++) {
		const struct image_offer *offer = &order->offers[i];

		pack_text(out, offer->name);
		pack_number(out, offer->version);
		pack_text(out, offer->path == NULL ? "" : offer->path);
		pack_text(out, offer->path == NULL ? offer->reason : "");
	}
	pack_texts(out, order->quarantined, order->quarantined_count);
	pack_texts(out, order->addresses, order->address_count);
	pack_texts(out, order->sockets, order->address_count);
	tls_files_pack(out, &order->tls_files);
	pack_span(out, order->secret == NULL ? SPAN("")
					     : (struct span){(const char *)order->secret,
						       sizeof(*order->secret)});
}

static bool unpack_offer(struct span *in, struct image_offer *out, struct arena *arena)
{
	uint64_t version;

	out->name = pack_take_text(in, arena);
	pack_take_number(in, &version);
	out->version = (unsigned)version;
	out->path = pack_take_text(in, arena);
	out->reason = pack_take_text(in, arena);
	if (out->reason == NULL)
		return false;
	if (out->path[0] == '\0')
		out->path = NULL;
	return true;
}

/* A number of things that take at least a byte each. */
static bool unpack_count(struct span *in, size_t *out)
{
	uint64_t count;

	if (!pack_take_number(in, &count) || count > in->len)
		return false;
	*out = (size_t)count;
	return true;
}

static bool unpack_offers(struct order *out, struct span *in)
{
	if (!unpack_count(in, &out->offer_count))
		return false;
	out->offers = arena_alloc(&out->arena, (out->offer_count + 1) * sizeof(*out->offers));
	for (size_t i = 0; i < out->offer_count; i++)
		if (!unpack_offer(in, &out->offers[i], &out->arena))
			return false;
	return true;
}

static bool unpack_texts(struct span *in, const char ***texts, size_t *count, struct arena *arena)
{
	if (!unpack_count(in, count))
		return false;
	*texts = arena_alloc(arena, (*count + 1) * sizeof(const char *));
	for (size_t i = 0; i < *count; i++)
		if (((*texts)[i] = pack_take_text(in, arena)) == NULL)
			return false;
	return true;
}

/* A struct of ours, of the same build on both sides. */
static bool unpack_secret(struct order *out, struct span *in)
{
	struct span bytes;

	if (!pack_take_span(in, &bytes))
		return false;
	out->secret = arena_alloc(&out->arena, sizeof(*out->secret));
	if (bytes.len == sizeof(*out->secret))
		memcpy(out->secret, bytes.ptr, bytes.len);
	return bytes.len == 0 || bytes.len == sizeof(*out->secret);
}

bool order_unpack(struct order *out, struct span in)
{
	uint64_t number, workers;
	size_t socket_count;

	pack_take_number(&in, &number);
	pack_take_number(&in, &workers);
	out->number = (unsigned)number;
	out->workers = (unsigned)workers;
	out->file = pack_take_text(&in, &out->arena);
	return out->file != NULL && pack_take_span(&in, &out->text) && unpack_offers(out, &in) &&
	       unpack_texts(&in, &out->quarantined, &out->quarantined_count, &out->arena) &&
	       unpack_texts(&in, &out->addresses, &out->address_count, &out->arena) &&
	       unpack_texts(&in, &out->sockets, &socket_count, &out->arena) &&
	       socket_count == out->address_count &&
	       tls_files_unpack(&in, &out->tls_files, &out->arena) && unpack_secret(out, &in) &&
	       in.len == 0;
}
