/*
 * Subscribes its peer to the topic of the query `topic`, from the query `position`, with the flags
 * in `flags`: 'p' SL_POSITIONS, 'k' SL_KEPT, 'x' SL_EXCLUDE_SELF. Its peer says "pub room/1 text",
 * "raw room/1 bytes", "many room/1 1000 64" (so many, padded to so many bytes), "from room/2" and a
 * position (another subscription), "unsub room/1", "pid"; answered with "=" and the result. Of what
 * cannot be known it says "lost" and where. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rejoin_args {
	const char *topic, *position, *flags;
};
SL_ARGS(rejoin_args, SL_FIELD(topic), SL_FIELD(position), SL_FIELD(flags));

static uint32_t flags_of(const struct rejoin_args *args)
{
	uint32_t flags = 0;

	if (strchr(args->flags, 'p') != NULL)
		flags |= SL_POSITIONS;
	if (strchr(args->flags, 'k') != NULL)
		flags |= SL_KEPT;
	if (strchr(args->flags, 'x') != NULL)
		flags |= SL_EXCLUDE_SELF;
	return flags;
}

static int rejoin_connect(struct sl_conn *conn, const struct rejoin_args *args)
{
	if (args->topic[0] == '\0')
		return SL_OK;
	return sl_subscribe_from(conn, args->topic, flags_of(args), args->position);
}

/* "<count> <bytes>" */
static int many(struct sl_conn *conn, const char *topic, const char *rest)
{
	char *end;
	long count = strtol(rest, &end, 10), bytes = strtol(end, NULL, 10);
	char *text = malloc((size_t)bytes + 32);
	int result = SL_OK;

	for (long i = 0; i < count && result == SL_OK; i++) {
		int len = snprintf(text, 32, "%ld ", i);

		memset(text + len, 'x', (size_t)bytes);
		result = sl_publish(conn, topic, SL_TEXT, text, (size_t)len + (size_t)bytes);
	}
	free(text);
	return result;
}

static int run(struct sl_conn *conn, const struct rejoin_args *args, const char *word,
	const char *topic, const char *rest)
{
	if (strcmp(word, "pub") == 0)
		return sl_publishf(conn, topic, "%s", rest);
	if (strcmp(word, "raw") == 0)
		return sl_publish(conn, topic, SL_BINARY, rest, strlen(rest));
	if (strcmp(word, "many") == 0)
		return many(conn, topic, rest);
	if (strcmp(word, "from") == 0)
		return sl_subscribe_from(conn, topic, flags_of(args), rest);
	if (strcmp(word, "unsub") == 0)
		return sl_unsubscribe(conn, topic);
	return (int)getpid();
}

static int rejoin_message(
	struct sl_conn *conn, const struct rejoin_args *args, const struct sl_message *message)
{
	char text[1024], word[8] = "", topic[300] = "";
	int read = 0;

	snprintf(text, sizeof(text), "%.*s", SL_STR(message->data));
	sscanf(text, "%7s %299s%n", word, topic, &read);
	return sl_sendf(conn, "=%d",
		run(conn, args, word, topic, read > 0 && text[read] == ' ' ? text + read + 1 : ""));
}

static void rejoin_lost(
	struct sl_conn *conn, const struct rejoin_args *args, struct sl_str topic, uint64_t count)
{
	(void)args;
	sl_sendf(conn, "lost %.*s %" PRIu64, SL_STR(topic), count);
}

SL_PLUGIN(rejoin, rejoin_args, .connect = rejoin_connect, .message = rejoin_message,
	.lost = rejoin_lost);
