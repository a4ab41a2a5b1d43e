/*
 * Generic cell rate algorithm: what is taken moves the time at which the bucket is full again by
 * its share of a second, and may not move it further ahead than the burst is worth. A bucket that
 * is full lets anything through, so that a message larger than the burst is not lost for ever.
 * SPDX-License-Identifier: MIT
 */
#include "net/throttle.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define NS_PER_S  UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)
/* Longer than any host runs, and so far from the end of 64 bits that a sum of some is no problem.
 */
#define NS_MAX (UINT64_MAX / 8)

/*
 * Deadlines are found up to 20 ms late, so a burst below what the rate gives in a few of these
 * would keep a peer below its rate.
 */
enum { SHORTEST_BURST = 20 }; /* the part of a second that it is worth at least */

/* ---- one bucket ------------------------------------------------------------------------------ */

static void bucket_set(struct bucket *bucket, uint64_t per_s, uint64_t burst)
{
	uint64_t least = per_s / SHORTEST_BURST + 1;

	bucket->per_s = per_s;
	bucket->burst = burst == 0 ? per_s : burst;
	if (bucket->burst < least)
		bucket->burst = least;
}

/* Seconds apart: what a second holds, times 10^9, passes 64 bits. */
static uint64_t worth_ns(const struct bucket *bucket, uint64_t amount)
{
	if (bucket->per_s == 0)
		return 0;
	if (amount / bucket->per_s >= NS_MAX / NS_PER_S)
		return NS_MAX;
	return amount / bucket->per_s * NS_PER_S +
	       (uint64_t)((double)(amount % bucket->per_s) * 1e9 / (double)bucket->per_s);
}

static uint64_t full_if_taken(const struct bucket *bucket, uint64_t amount, uint64_t now_ns)
{
	uint64_t from_ns = bucket->full_ns > now_ns ? bucket->full_ns : now_ns;

	return from_ns + worth_ns(bucket, amount);
}

static bool bucket_fits(const struct bucket *bucket, uint64_t amount, uint64_t now_ns)
{
	if (bucket->per_s == 0 || bucket->full_ns <= now_ns)
		return true;
	return full_if_taken(bucket, amount, now_ns) <= now_ns + worth_ns(bucket, bucket->burst);
}

static void bucket_take(struct bucket *bucket, uint64_t amount, uint64_t now_ns)
{
	uint64_t full_ns = full_if_taken(bucket, amount, now_ns);

	bucket->full_ns = full_ns < 2 * NS_MAX ? full_ns : 2 * NS_MAX;
}

/* Until one more fits. */
static uint64_t bucket_wait_ns(const struct bucket *bucket, uint64_t now_ns)
{
	uint64_t full_ns, most_ns;

	if (bucket->per_s == 0)
		return 0;
	full_ns = full_if_taken(bucket, 1, now_ns);
	most_ns = now_ns + worth_ns(bucket, bucket->burst);
	return full_ns > most_ns ? full_ns - most_ns : 0;
}

/* ---- both ------------------------------------------------------------------------------------ */

struct throttle *throttle_renew(struct throttle *throttle, const struct transport_limits *limits)
{
	if (limits->messages_per_s == 0 && limits->bytes_per_s == 0) {
		free(throttle);
		return NULL;
	}
	if (throttle == NULL)
		throttle = xcalloc(1, sizeof(*throttle));
	bucket_set(&throttle->frames, limits->messages_per_s, limits->messages_burst);
	bucket_set(&throttle->bytes, limits->bytes_per_s, limits->bytes_burst);
	throttle->excess = (enum transport_excess)limits->excess;
	return throttle;
}

static bool fits(struct throttle *throttle, uint64_t now_ns)
{
	throttle->is_bytes = !bucket_fits(&throttle->bytes, throttle->pending_bytes, now_ns);
	return !throttle->is_bytes &&
	       bucket_fits(&throttle->frames, throttle->pending_frames, now_ns);
}

/* A full bucket takes one message of any size, but not for that an endless one of empty frames. */
static bool is_endless(const struct throttle *throttle)
{
	return throttle->frames.per_s != 0 && throttle->pending_frames > throttle->frames.burst;
}

static void settle(struct throttle *throttle, bool is_counted, uint64_t now_ns)
{
	if (is_counted) {
		bucket_take(&throttle->frames, throttle->pending_frames, now_ns);
		bucket_take(&throttle->bytes, throttle->pending_bytes, now_ns);
	}
	throttle->pending_frames = throttle->pending_bytes = 0;
}

bool throttle_take(
	struct throttle *throttle, uint64_t frames, uint64_t bytes, bool is_whole, uint64_t now_ms)
{
	uint64_t now_ns = now_ms * NS_PER_MS;
	bool may_pass;

	throttle->pending_frames += frames;
	throttle->pending_bytes += bytes;
	if (throttle->excess == EXCESS_TO_PAUSE) {
		settle(throttle, true, now_ns);
		return true;
	}
	if (!is_whole)
		return !is_endless(throttle);
	may_pass = fits(throttle, now_ns) && !is_endless(throttle);
	settle(throttle, may_pass, now_ns);
	return may_pass;
}

void throttle_explain(const struct throttle *throttle, struct err *why)
{
	const struct bucket *bucket = throttle->is_bytes ? &throttle->bytes : &throttle->frames;

	err_set(why, ERR_FORBIDDEN, "more than %" PRIu64 " %s a second", bucket->per_s,
		throttle->is_bytes ? "bytes" : "frames");
}

uint64_t throttle_wait_ms(const struct throttle *throttle, uint64_t now_ms)
{
	uint64_t frames_ns = bucket_wait_ns(&throttle->frames, now_ms * NS_PER_MS);
	uint64_t bytes_ns = bucket_wait_ns(&throttle->bytes, now_ms * NS_PER_MS);

	if (throttle->excess != EXCESS_TO_PAUSE)
		return 0;
	return ((frames_ns > bytes_ns ? frames_ns : bytes_ns) + NS_PER_MS - 1) / NS_PER_MS;
}
