/*
 * Two states, each with its event callback: connecting, where libpq says what to wait for, and
 * connected, where statements leave in a pipeline and answers are told by the ring of what was
 * asked. Every way to break ends in `fail`, which waits and tries again. Knows no message and no
 * topic; called by postgres.c and what stands between. SPDX-License-Identifier: MIT
 */
#include "pg_link.h"

#include <event2/event.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TICK_MS = 5000,
	TICKS_MAX = 3,        /* without a byte from a server that owes an answer */
	RETRY_LEAST_MS = 200, /* doubled with each failure */
	RETRY_MOST_MS = 10000,
	TRANSACTION_END = 0x80, /* added to a task in the ring */
	VALUES_MAX = 9,
};

/* What `url` does not say otherwise: a cut connection is to be noticed. "dbname" is `url`. */
static const char *const keywords[] = {"fallback_application_name", "keepalives_idle",
	"keepalives_interval", "keepalives_count", "tcp_user_timeout", "dbname", NULL};

static void begin(struct pg_link *link);

/* ---- breaking -------------------------------------------------------------------------------- */

static void drop_event(struct event **event)
{
	if (*event != NULL)
		event_free(*event);
	*event = NULL;
}

static void drop_timer(struct sl_timer **timer)
{
	if (*timer != NULL)
		sl_timer_cancel(*timer);
	*timer = NULL;
}

static void disconnect(struct pg_link *link)
{
	drop_event(&link->reads);
	drop_event(&link->writes);
	drop_timer(&link->retry);
	drop_timer(&link->deadline);
	pg_names_end(&link->names);
	PQfinish(link->conn);
	link->conn = NULL;
	link->is_connected = link->is_up = link->is_broken = false;
	link->asked_first = link->asked_count = link->idle_ticks = 0;
}

static void retry_fire(struct sl_plugin *plugin, void *data)
{
	struct pg_link *link = data;

	(void)plugin;
	link->retry = NULL;
	begin(link);
}

/* Half of it is by chance, so that the workers of many hosts do not come back all at once. */
static unsigned retry_delay_ms(unsigned failures)
{
	unsigned delay_ms = (unsigned)RETRY_LEAST_MS << (failures < 6 ? failures : 6);

	if (delay_ms > RETRY_MOST_MS)
		delay_ms = RETRY_MOST_MS;
	return delay_ms / 2 + arc4random_uniform(delay_ms / 2);
}

/* libpq's texts have lines, and say again where the server is. */
static struct sl_str short_reason(const char *text)
{
	static const char behind[] = "failed: ";
	const char *found = strstr(text, behind);
	const char *from = found != NULL ? found + sizeof(behind) - 1 : text;

	return (struct sl_str){from, strcspn(from, "\n")};
}

static void place_of(const struct pg_link *link, char *out, size_t size)
{
	const char *host = link->conn != NULL ? PQhost(link->conn) : NULL;
	char name[PG_HOST_MAX];

	if (host != NULL)
		snprintf(out, size, "%s:%s", host, PQport(link->conn));
	else if (pg_names_host(name, link->url))
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "url");
}

static void fail(struct pg_link *link, const char *why)
{
	const unsigned delay_ms = retry_delay_ms(link->failures++);
	const struct sl_str reason = short_reason(why);
	char place[PG_HOST_MAX + 16] = "", text[512];

	place_of(link, place, sizeof(place));
	snprintf(text, sizeof(text), "%s: %.*s, next try in %.1f s", place, SL_STR(reason),
		delay_ms / 1000.0);
	disconnect(link);
	link->ops->down(link);
	sl_bus_state(link->plugin, SL_BUS_DOWN, text);
	link->retry = sl_plugin_timer(link->plugin, delay_ms, 0, retry_fire, link);
}

static void tick_fire(struct sl_plugin *plugin, void *data)
{
	struct pg_link *link = data;

	(void)plugin;
	if (link->names.job != NULL || (link->is_connected && link->asked_count == 0))
		link->idle_ticks = 0;
	else if (++link->idle_ticks > TICKS_MAX)
		fail(link, "it does not answer");
}

/* ---- answers --------------------------------------------------------------------------------- */

static unsigned char take_asked(struct pg_link *link)
{
	unsigned char what = link->asked[link->asked_first];

	link->asked_first = (link->asked_first + 1) % PG_ASKED_MAX;
	link->asked_count--;
	return what;
}

static void tell(struct pg_link *link, uint32_t state)
{
	char text[PG_HOST_MAX + 16];

	place_of(link, text, sizeof(text));
	sl_bus_state(link->plugin, state, text);
}

void pg_link_tell_up(struct pg_link *link)
{
	tell(link, SL_BUS_UP);
}

static void finish(struct pg_link *link, enum pg_task task)
{
	if (task != PG_SETUP) {
		link->ops->finished(link, task);
		return;
	}
	link->is_up = true;
	link->failures = 0;
	pg_link_tell_up(link);
	link->ops->up(link);
}

/* False: the connection is of no more use. */
static bool take_error(struct pg_link *link, enum pg_task task, const PGresult *result)
{
	const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	char copy[300];

	snprintf(copy, sizeof(copy), "%s", why != NULL ? why : PQresultErrorMessage(result));
	if (task == PG_CLEAN) {
		sl_plugin_log(link->plugin, SL_LOG_WARN,
			"old rows cannot be removed: %s; the table grows", copy);
		return true;
	}
	link->ops->refused(link, task, copy);
	fail(link, copy);
	return false;
}

static bool take_result(struct pg_link *link, const PGresult *result)
{
	const unsigned char what = take_asked(link);
	const enum pg_task task = what & ~TRANSACTION_END;

	switch (PQresultStatus(result)) {
	case PGRES_PIPELINE_SYNC:
		finish(link, task);
		return true;
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
		link->ops->answered(link, task, result);
		return true;
	case PGRES_PIPELINE_ABORTED: /* behind an error that was taken care of */
		return true;
	default:
		return take_error(link, task, result);
	}
}

/* Between two answers libpq gives NULL once. */
static bool take_results(struct pg_link *link)
{
	bool is_good = true, was_null = false;
	PGresult *result;

	while (is_good && link->asked_count > 0 && !PQisBusy(link->conn)) {
		result = PQgetResult(link->conn);
		if (result == NULL && was_null)
			break;
		was_null = result == NULL;
		if (result != NULL)
			is_good = take_result(link, result);
		PQclear(result);
	}
	return is_good;
}

static void take_notes(struct pg_link *link)
{
	PGnotify *note;

	while ((note = PQnotifies(link->conn)) != NULL) {
		link->ops->notified(link, note->extra);
		PQfreemem(note);
	}
}

/* With TLS, libpq leaves bytes of a record where no event tells of them. */
static bool read_all(struct pg_link *link)
{
	const SSL *ssl = PQsslStruct(link->conn, "OpenSSL");
	bool is_good;

	link->idle_ticks = 0;
	do
		is_good = PQconsumeInput(link->conn);
	while (is_good && ssl != NULL && SSL_pending(ssl) > 0);
	return is_good;
}

/* Writing may read, too, so that there may be answers whatever the event. */
static void link_on_event(evutil_socket_t fd, short what, void *data)
{
	struct pg_link *link = data;

	(void)fd;
	if ((what & EV_READ) && !read_all(link))
		fail(link, PQerrorMessage(link->conn));
	else if (take_results(link)) {
		take_notes(link);
		pg_link_flush(link);
	}
}

/* ---- asking ---------------------------------------------------------------------------------- */

bool pg_link_has_room(const struct pg_link *link, unsigned statements)
{
	return link->is_up && link->asked_count + statements + 1 <= PG_ASKED_MAX;
}

static void note_asked(struct pg_link *link, unsigned char what, int is_sent)
{
	link->asked[(link->asked_first + link->asked_count++) % PG_ASKED_MAX] = what;
	if (!is_sent)
		link->is_broken = true;
}

void pg_link_ask(struct pg_link *link, enum pg_task task, const char *sql)
{
	note_asked(link, (unsigned char)task,
		PQsendQueryParams(link->conn, sql, 0, NULL, NULL, NULL, NULL, 0));
}

void pg_link_prepare(struct pg_link *link, enum pg_task task, const char *name, const char *sql)
{
	note_asked(link, (unsigned char)task, PQsendPrepare(link->conn, name, sql, 0, NULL));
}

void pg_link_run(struct pg_link *link, enum pg_task task, const char *name,
	const struct pg_value *values, int count)
{
	const char *bytes[VALUES_MAX] = {0};
	int lengths[VALUES_MAX] = {0}, formats[VALUES_MAX] = {0};

	for (int i = 0; i < count && i < VALUES_MAX; i++) {
		bytes[i] = values[i].ptr;
		lengths[i] = (int)values[i].len;
		formats[i] = values[i].is_binary;
	}
	note_asked(link, (unsigned char)task,
		PQsendQueryPrepared(link->conn, name, count, bytes, lengths, formats, 1));
}

void pg_link_end(struct pg_link *link, enum pg_task task)
{
	note_asked(link, (unsigned char)(task | TRANSACTION_END), PQpipelineSync(link->conn));
}

void pg_link_flush(struct pg_link *link)
{
	int left;

	if (!link->is_connected)
		return;
	left = PQflush(link->conn);
	if (left < 0 || link->is_broken)
		fail(link, PQerrorMessage(link->conn));
	else if (left > 0)
		event_add(link->writes, NULL);
	else
		event_del(link->writes);
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void pass_over(void *data, const PGresult *result)
{
	(void)data;
	(void)result;
}

static void connected(struct pg_link *link)
{
	const int fd = PQsocket(link->conn);

	PQsetNoticeReceiver(link->conn, pass_over, NULL);
	link->is_connected = true;
	link->reads = event_new(sl_event_base(), fd, EV_READ | EV_PERSIST, link_on_event, link);
	link->writes = event_new(sl_event_base(), fd, EV_WRITE | EV_PERSIST, link_on_event, link);
	if (PQsetnonblocking(link->conn, 1) != 0 || !PQenterPipelineMode(link->conn) ||
		event_add(link->reads, NULL) != 0) {
		fail(link, PQerrorMessage(link->conn));
		return;
	}
	link->ops->setup(link);
	pg_link_end(link, PG_SETUP);
	pg_link_flush(link);
}

static void connect_on_event(evutil_socket_t fd, short what, void *data);

/* libpq may have another socket after each step. */
static void connect_wait(struct pg_link *link, short what)
{
	link->reads = event_new(
		sl_event_base(), PQsocket(link->conn), what, connect_on_event, link);
	event_add(link->reads, NULL);
}

static void connect_on_event(evutil_socket_t fd, short what, void *data)
{
	struct pg_link *link = data;

	(void)fd;
	(void)what;
	drop_event(&link->reads);
	switch (PQconnectPoll(link->conn)) {
	case PGRES_POLLING_OK:
		connected(link);
		break;
	case PGRES_POLLING_READING:
		connect_wait(link, EV_READ);
		break;
	case PGRES_POLLING_WRITING:
		connect_wait(link, EV_WRITE);
		break;
	default:
		fail(link, PQerrorMessage(link->conn));
	}
}

/* What comes later counts: the addresses that were looked up, behind the host of the url. */
static void connect_to(struct pg_link *link, const struct pg_addresses *to)
{
	const char *const values[] = {"socklet", "10", "5", "3", "15000", link->url,
		to != NULL ? to->hosts : NULL, to != NULL ? to->addresses : NULL, NULL};

	link->conn = PQconnectStartParams(keywords, values, 1);
	if (link->conn == NULL || PQstatus(link->conn) == CONNECTION_BAD)
		fail(link, link->conn != NULL ? PQerrorMessage(link->conn) : "out of memory");
	else {
		tell(link, SL_BUS_CONNECTING);
		connect_wait(link, EV_WRITE);
	}
}

static void names_found(void *context)
{
	struct pg_link *link = context;
	const struct pg_addresses *found = &link->names.found;

	link->idle_ticks = 0;
	if (*found->addresses == '\0')
		fail(link, gai_strerror(found->error));
	else
		connect_to(link, found);
}

static void begin(struct pg_link *link)
{
	char host[PG_HOST_MAX];

	link->deadline = sl_plugin_timer(link->plugin, TICK_MS, TICK_MS, tick_fire, link);
	if (!pg_names_host(host, link->url)) {
		connect_to(link, NULL);
		return;
	}
	sl_bus_state(link->plugin, SL_BUS_CONNECTING, host);
	if (!pg_names_begin(&link->names, sl_event_base(), host, names_found, link))
		fail(link, "no thread to look its name up");
}

bool pg_link_check_url(struct sl_plugin *plugin, const char *url)
{
	char *why = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &why);

	/* What is behind a colon may be the whole url, and with it the password. */
	if (options == NULL)
		sl_plugin_log(plugin, SL_LOG_ERROR,
			"option url: %.*s; wanted as in postgresql://user@host/database",
			(int)strcspn(why != NULL ? why : "", ":\n"), why != NULL ? why : "");
	PQconninfoFree(options);
	PQfreemem(why);
	return options != NULL;
}

void pg_link_open(struct pg_link *link)
{
	begin(link);
}

void pg_link_close(struct pg_link *link)
{
	link->retry = link->deadline = NULL;
	disconnect(link);
}
