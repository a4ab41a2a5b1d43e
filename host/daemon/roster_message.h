/*
 * What hosts say to each other about who is present, as bytes of a message on the bus. Every
 * number is in base 128, the least first, so that it is the same on every machine; what another
 * host wrote is believed nothing until it is read. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_ROSTER_MESSAGE_H
#define SOCKLET_DAEMON_ROSTER_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	ROSTER_FORMAT = 1,
	ROSTER_BYTES = 5000, /* after which a message is full: as PostgreSQL's NOTIFY takes it */
};

/*
 * Every host counts its own changes: each join and each leave is one more version. A join is known
 * by its version, for ever: `born`.
 */
enum roster_kind {
	ROSTER_BEAT = 1, /* I am here; that is what you should know of me */
	ROSTER_NEWS,     /* changes, from a version on, one version each */
	ROSTER_PART,     /* who of those born within two versions is still there */
	ROSTER_ASK,      /* a host is asked for all of its parts */
	ROSTER_BYE,
};

struct roster_beat {
	uint64_t version, count, digest;
	uint64_t timeout_ms; /* without another one it is gone */
	bool wants_answer;   /* whoever hears it is to say the same at once */
};

struct roster_member {
	uint64_t born, id;
	struct span topic, label;
};

struct roster_change {
	bool is_join;
	struct roster_member member; /* of a leave: only `born` */
};

struct roster_part {
	uint64_t version;     /* as of which it is true */
	uint64_t after, upto; /* who was born behind the one, up to the other */
};

/* Zero-length; then one of the rest, and members or changes as it has room. */
void roster_put_kind(struct buf *out, enum roster_kind kind);
void roster_put_number(struct buf *out, uint64_t number);
void roster_put_beat(struct buf *out, const struct roster_beat *beat);
void roster_put_join(struct buf *out, const struct roster_member *member);
void roster_put_leave(struct buf *out, uint64_t born);
void roster_put_part(struct buf *out, const struct roster_part *part);
/* `born` counts from the member before, at first from `after`. */
void roster_put_member(struct buf *out, uint64_t before, const struct roster_member *member);

/* Each takes what it reads off *in; false: that is none. Texts are borrowed from the bytes. */
bool roster_take_kind(struct span *in, uint64_t *kind, struct err *why);
bool roster_take_number(struct span *in, uint64_t *out);
bool roster_take_beat(struct span *in, struct roster_beat *out);
/* The change that has made that version. */
bool roster_take_change(struct span *in, uint64_t version, struct roster_change *out);
bool roster_take_part(struct span *in, struct roster_part *out);
bool roster_take_member(struct span *in, uint64_t before, struct roster_member *out);

#endif
