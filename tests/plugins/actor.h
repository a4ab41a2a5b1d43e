/*
 * Plays what the model of topics says (tests/lib/topic_play.py): a version #defines VERSION and
 * LAYOUT, includes this, and ends in an ACTOR. Its peer says a word, a topic and a rest: "sub",
 * "sub!" (not its own), "unsub", "from F flags position" (flags: '-', or of p SL_POSITIONS, k
 * SL_KEPT, x SL_EXCLUDE_SELF), "pub T text", "raw T bytes", "pubs T,T text" ("text.0" to the
 * first), "fill T text 1000" (padded to so many bytes), "later T text" (from a thread's done),
 * "tick T text" (from a timer of the plugin), "here T label", "gone T", "bye T text" (published
 * when it ends). The answer is "=" and the result. The handshake's answer says which worker,
 * connection and version it is. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TOPIC_BYTES = 80, TEXT_BYTES = 80 };

struct actor_1 {
	char topic[TOPIC_BYTES], text[TEXT_BYTES]; /* of its last words */
};
struct actor_2 {
	int64_t hops;
	char text[TEXT_BYTES], topic[TOPIC_BYTES];
};

#define STATE_OF_(layout) struct actor_##layout
#define STATE_OF(layout)  STATE_OF_(layout)
typedef STATE_OF(LAYOUT) actor_state;

struct job {
	char topic[TOPIC_BYTES], text[TEXT_BYTES];
};

static struct job *job_new(const char *topic, const char *text)
{
	struct job *job = malloc(sizeof(*job));

	snprintf(job->topic, sizeof(job->topic), "%.79s", topic);
	snprintf(job->text, sizeof(job->text), "%.79s", text);
	return job;
}

static void no_work(void *data)
{
	(void)data;
}

static void publish_job(struct sl_conn *conn, void *data)
{
	const struct job *job = data;

	sl_publishf(conn, job->topic, "%s", job->text);
	free(data);
}

static void publish_tick(struct sl_plugin *plugin, void *data)
{
	const struct job *job = data;

	sl_plugin_publishf(plugin, job->topic, "%s", job->text);
	free(data);
}

static int actor_sub(struct sl_conn *conn, char *topic, char *rest)
{
	(void)rest;
	return sl_subscribe(conn, topic, 0);
}

static int actor_sub_others(struct sl_conn *conn, char *topic, char *rest)
{
	(void)rest;
	return sl_subscribe(conn, topic, SL_EXCLUDE_SELF);
}

static int actor_unsub(struct sl_conn *conn, char *topic, char *rest)
{
	(void)rest;
	return sl_unsubscribe(conn, topic);
}

static int actor_from(struct sl_conn *conn, char *topic, char *rest)
{
	char *position = strchr(rest, ' ');
	uint32_t flags = 0;

	if (position != NULL)
		*position++ = '\0';
	flags |= strchr(rest, 'p') != NULL ? SL_POSITIONS : 0;
	flags |= strchr(rest, 'k') != NULL ? SL_KEPT : 0;
	flags |= strchr(rest, 'x') != NULL ? SL_EXCLUDE_SELF : 0;
	return sl_subscribe_from(conn, topic, flags, position);
}

static int actor_pub(struct sl_conn *conn, char *topic, char *rest)
{
	return sl_publishf(conn, topic, "%s", rest);
}

static int actor_raw(struct sl_conn *conn, char *topic, char *rest)
{
	return sl_publish(conn, topic, SL_BINARY, rest, strlen(rest));
}

static int actor_pubs(struct sl_conn *conn, char *topics, char *rest)
{
	char *more = topics, *topic;
	int result = SL_OK, number = 0;

	while (result == SL_OK && (topic = strsep(&more, ",")) != NULL)
		result = sl_publishf(conn, topic, "%s.%d", rest, number++);
	return result;
}

static int actor_fill(struct sl_conn *conn, char *topic, char *rest)
{
	char *bytes = strchr(rest, ' ');

	if (bytes == NULL)
		return SL_INVALID;
	*bytes++ = '\0';
	return sl_publishf(conn, topic, "%-*s", atoi(bytes), rest);
}

static int actor_later(struct sl_conn *conn, char *topic, char *rest)
{
	return sl_offload(conn, no_work, publish_job, free, job_new(topic, rest));
}

static int actor_tick(struct sl_conn *conn, char *topic, char *rest)
{
	struct sl_plugin *plugin = sl_plugin_of(conn);

	return sl_plugin_timer(plugin, 1, 0, publish_tick, job_new(topic, rest)) ? SL_OK
										 : SL_FAILED;
}

static int actor_here(struct sl_conn *conn, char *topic, char *rest)
{
	return sl_present(conn, topic, rest);
}

static int actor_gone(struct sl_conn *conn, char *topic, char *rest)
{
	(void)rest;
	return sl_present(conn, topic, NULL);
}

static int actor_bye(struct sl_conn *conn, char *topic, char *rest)
{
	actor_state *state = (actor_state *)sl_state(conn);

	snprintf(state->topic, sizeof(state->topic), "%.79s", topic);
	snprintf(state->text, sizeof(state->text), "%.79s", rest);
	return SL_OK;
}

static const struct {
	const char *word;
	int (*run)(struct sl_conn *conn, char *topic, char *rest);
} words[] = {{"sub", actor_sub}, {"sub!", actor_sub_others}, {"unsub", actor_unsub},
	{"from", actor_from}, {"pub", actor_pub}, {"raw", actor_raw}, {"pubs", actor_pubs},
	{"fill", actor_fill}, {"later", actor_later}, {"tick", actor_tick}, {"here", actor_here},
	{"gone", actor_gone}, {"bye", actor_bye}};

static int actor_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	char number[32];

	(void)args;
	snprintf(number, sizeof(number), "%ld", (long)getpid());
	sl_response_header(conn, "X-Worker", number);
	snprintf(number, sizeof(number), "%" PRIu64, sl_id(conn));
	sl_response_header(conn, "X-Connection", number);
	sl_response_header(conn, "X-Version", VERSION);
	return SL_OK;
}

static int actor_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	char text[1024], word[8] = "", topic[300] = "", none[] = "";
	int result = SL_INVALID, read = 0;

	(void)args;
	snprintf(text, sizeof(text), "%.*s", SL_STR(message->data));
	sscanf(text, "%7s %299s%n", word, topic, &read);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			result = words[i].run(conn, topic,
				read > 0 && text[read] == ' ' ? text + read + 1 : none);
	return sl_sendf(conn, "=%d", result);
}

static void actor_disconnect(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_end *end)
{
	const actor_state *state = (const actor_state *)sl_state(conn);

	(void)args;
	(void)end;
	if (state->topic[0] != '\0')
		sl_publishf(conn, state->topic, "%s", state->text);
}

static void actor_lost(
	struct sl_conn *conn, const struct sl_no_args *args, struct sl_str topic, uint64_t count)
{
	(void)args;
	sl_sendf(conn, "lost %.*s %" PRIu64, SL_STR(topic), count);
}

#define TAKE_FROM(old)                                                               \
	do {                                                                         \
		snprintf(state->topic, sizeof(state->topic), "%.79s", (old)->topic); \
		snprintf(state->text, sizeof(state->text), "%.79s", (old)->text);    \
	} while (0)

__attribute__((unused)) static int actor_hand_over(struct sl_conn *conn, const void *old_state,
	uint32_t old_layout, size_t old_size, void *state_bytes)
{
	actor_state *state = (actor_state *)state_bytes;

	(void)conn;
	if (old_layout == 1 && old_size == sizeof(struct actor_1))
		TAKE_FROM((const struct actor_1 *)old_state);
	else if (old_layout == 2 && old_size == sizeof(struct actor_2))
		TAKE_FROM((const struct actor_2 *)old_state);
	else
		return SL_FAILED;
	return SL_OK;
}

#define ACTOR(...)                                                                                \
	SL_PLUGIN(actor, sl_no_args, .state_size = sizeof(actor_state), .connect = actor_connect, \
		.message = actor_message, .disconnect = actor_disconnect, .lost = actor_lost,     \
		__VA_ARGS__)
