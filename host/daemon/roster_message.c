/*
 * Topics and labels are held to what sl_present takes, so that nothing gets into a table that could
 * not have come from here. Called by roster.c. SPDX-License-Identifier: MIT
 */
#include "daemon/roster_message.h"

#include "call/presence.h"

enum { MAGIC = 'P', JOIN = 1, LEAVE = 2, GROUP_BITS = 7, NUMBER_BITS = 64 };

/* ---- out -------------------------------------------------------------------------------- */

void roster_put_number(struct buf *out, uint64_t number)
{
	unsigned char byte;

	while (number >> GROUP_BITS != 0) {
		byte = (unsigned char)(number | 1 << GROUP_BITS);
		buf_append(out, &byte, 1);
		number >>= GROUP_BITS;
	}
	byte = (unsigned char)number;
	buf_append(out, &byte, 1);
}

static void put_text(struct buf *out, struct span text)
{
	roster_put_number(out, text.len);
	buf_append_span(out, text);
}

void roster_put_kind(struct buf *out, enum roster_kind kind)
{
	roster_put_number(out, MAGIC);
	roster_put_number(out, ROSTER_FORMAT);
	roster_put_number(out, kind);
}

void roster_put_beat(struct buf *out, const struct roster_beat *beat)
{
	roster_put_number(out, beat->version);
	roster_put_number(out, beat->count);
	roster_put_number(out, beat->digest);
	roster_put_number(out, beat->timeout_ms);
	roster_put_number(out, beat->wants_answer);
}

static void put_who(struct buf *out, const struct roster_member *member)
{
	roster_put_number(out, member->id);
	put_text(out, member->topic);
	put_text(out, member->label);
}

void roster_put_join(struct buf *out, const struct roster_member *member)
{
	roster_put_number(out, JOIN);
	put_who(out, member);
}

void roster_put_leave(struct buf *out, uint64_t born)
{
	roster_put_number(out, LEAVE);
	roster_put_number(out, born);
}

void roster_put_part(struct buf *out, const struct roster_part *part)
{
	roster_put_number(out, part->version);
	roster_put_number(out, part->after);
	roster_put_number(out, part->upto);
}

void roster_put_member(struct buf *out, uint64_t before, const struct roster_member *member)
{
	roster_put_number(out, member->born - before);
	put_who(out, member);
}

/* ---- in --------------------------------------------------------------------------------- */

bool roster_take_number(struct span *in, uint64_t *out)
{
	*out = 0;
	for (unsigned shift = 0; shift < NUMBER_BITS; shift += GROUP_BITS) {
		uint64_t group;

		if (in->len == 0)
			return false;
		group = (unsigned char)in->ptr[0];
		*in = span_from(*in, 1);
		*out |= (group & 0x7f) << shift;
		if (group >> GROUP_BITS == 0)
			return true;
	}
	return false;
}

static bool take_text(struct span *in, struct span *out)
{
	uint64_t len;

	if (!roster_take_number(in, &len) || len > in->len)
		return false;
	*out = (struct span){in->ptr, len};
	*in = span_from(*in, len);
	return true;
}

bool roster_take_kind(struct span *in, uint64_t *kind, struct err *why)
{
	uint64_t magic, format;

	if (!roster_take_number(in, &magic) || magic != MAGIC || !roster_take_number(in, &format)) {
		err_set(why, ERR_BAD_REQUEST, "%zu bytes that no host has written", in->len);
		return false;
	}
	if (format == ROSTER_FORMAT && roster_take_number(in, kind))
		return true;
	err_set(why, ERR_BAD_REQUEST,
		"format %llu, this host speaks %d; hosts that share a broker have to speak the "
		"same",
		(unsigned long long)format, ROSTER_FORMAT);
	return false;
}

bool roster_take_beat(struct span *in, struct roster_beat *out)
{
	uint64_t wants_answer;

	if (!roster_take_number(in, &out->version) || !roster_take_number(in, &out->count) ||
		!roster_take_number(in, &out->digest) ||
		!roster_take_number(in, &out->timeout_ms) || !roster_take_number(in, &wants_answer))
		return false;
	out->wants_answer = wants_answer != 0;
	return true;
}

static bool take_who(struct span *in, struct roster_member *out)
{
	struct err why;

	return roster_take_number(in, &out->id) && take_text(in, &out->topic) &&
	       take_text(in, &out->label) && presence_check_topic(out->topic, &why) &&
	       presence_check_label(out->label, &why);
}

bool roster_take_change(struct span *in, uint64_t version, struct roster_change *out)
{
	uint64_t what;

	*out = (struct roster_change){.member.born = version};
	if (!roster_take_number(in, &what))
		return false;
	out->is_join = what == JOIN;
	if (out->is_join)
		return take_who(in, &out->member);
	return what == LEAVE && roster_take_number(in, &out->member.born);
}

bool roster_take_part(struct span *in, struct roster_part *out)
{
	return roster_take_number(in, &out->version) && roster_take_number(in, &out->after) &&
	       roster_take_number(in, &out->upto) && out->after <= out->upto &&
	       out->upto <= out->version;
}

bool roster_take_member(struct span *in, uint64_t before, struct roster_member *out)
{
	uint64_t more;

	if (!roster_take_number(in, &more) || more == 0 || more > UINT64_MAX - before)
		return false;
	out->born = before + more;
	return take_who(in, out);
}
