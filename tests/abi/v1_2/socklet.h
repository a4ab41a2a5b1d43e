/*
 * socklet.h: what a plugin sees of socklet. ABI 1.2.
 *
 * A plugin is one C (C11) or C++ (C++17) file that includes this header and nothing else of
 * socklet's, compiled to a shared object. It declares what it wants injected as a struct, lists
 * the struct's members once, and hands its callbacks over in one line:
 *
 *	#include <socklet.h>
 *
 *	struct hello_args { const char *name; struct sl_opt_int times; };
 *	SL_ARGS(hello_args, SL_FIELD(name), SL_FIELD(times));
 *
 *	static int hello_message(struct sl_conn *conn, const struct hello_args *args,
 *		const struct sl_message *msg)
 *	{
 *		return sl_sendf(conn, "%s says %.*s", args->name, SL_STR(msg->data));
 *	}
 *
 *	SL_PLUGIN(hello, hello_args, .message = hello_message);
 *
 * Threads: every callback and every function here runs on the one thread of the connection's
 * worker, so a plugin needs no lock. The one exception is `work` of sl_offload.
 *
 * Each entry says, as far as it applies: What. Owned by. Valid. When. Limits. Fails.
 * "The connection's life" is from its connect callback to the return of its disconnect callback,
 * or to the refusal. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_H
#define SOCKLET_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#else
/* A callback with the wrong argument struct is an error, not a warning; a misspelled function too.
 */
#pragma GCC diagnostic error "-Wincompatible-pointer-types"
#pragma GCC diagnostic error "-Wimplicit-function-declaration"
#endif

#define SL_MAGIC     0x314b4353u /* "SCK1" in memory; refuses another byte order too */
#define SL_ABI_MAJOR 1u
#define SL_ABI_MINOR 2u

/* ---- results --------------------------------------------------------------------------------- */

/* What callbacks return and functions answer. Errors are negative. */
enum {
	SL_OK = 0,
	SL_LATER = 1,    /* connect: sl_accept, sl_refuse or sl_close will follow; a provider: its
			    _provide or one of the latter two */
	SL_DROPPED = 2,  /* sl_send: the route's overflow dropped this message; since 1.2 */
	SL_CLOSED = -1,  /* the connection is closed or closing: nothing was sent */
	SL_FULL = -2,    /* a bound was reached: send queue, thread pool */
	SL_INVALID = -3, /* an argument is wrong; the log says which */
	SL_FAILED = -4,  /* for a plugin's own failures: refuses with 500, or closes with 1011 */
};

/* ---- values ---------------------------------------------------------------------------------- */

/* Bytes that need no NUL and may hold one. */
struct sl_str {
	const char *ptr;
	size_t len; /* bytes */
};

/* For printf's "%.*s". */
#define SL_STR(s) (int)(s).len, (s).ptr

/* Sixteen bytes in the order in which they are written. */
struct sl_uuid {
	uint8_t bytes[16];
};

/* Of the Gregorian calendar, years 1 to 9999; months and days count from 1. */
struct sl_date {
	int32_t year, month, day;
};

struct sl_time {
	int32_t hour, minute, second, microsecond;
	int32_t has_offset; /* 0 or 1; 0: local to whoever sent it */
	int32_t offset_s;   /* seconds east of UTC */
};

struct sl_datetime {
	int32_t year, month, day;
	int32_t hour, minute, second, microsecond;
	int32_t has_offset, offset_s; /* as in struct sl_time */
};

/* A length of time, which may be below zero. */
struct sl_timedelta {
	int64_t microseconds;
};

/*
 * The types of members, each with the end of the names of its other forms:
 *
 *	struct sl_opt_int	{ value, set }	 optional: `set` is 0 when the request did not
 *						 carry it and the route has no default; `value`
 *						 is then "" or 0
 *	struct sl_list_int	{ items, count } repeated in the request: ?n=1&n=2
 *	struct sl_opt_list_int	{ value, set }	 both
 *
 * Lists are query parameters, headers, cookies, claims or options; their items are valid as long
 * as other arguments. A C enum is a member by SL_FIELD_ENUM; its forms hold an int32_t.
 */
/* clang-format off */
#define SL_TYPES_(ROW) \
	ROW(_text, const char *, SL_TYPE_TEXT) \
	ROW(_str, struct sl_str, SL_TYPE_STR) \
	ROW(_int, int64_t, SL_TYPE_INT) \
	ROW(_double, double, SL_TYPE_DOUBLE) \
	ROW(_bool, bool, SL_TYPE_BOOL) \
	ROW(_uint, uint64_t, SL_TYPE_UINT) \
	ROW(_uuid, struct sl_uuid, SL_TYPE_UUID) \
	ROW(_datetime, struct sl_datetime, SL_TYPE_DATETIME) \
	ROW(_date, struct sl_date, SL_TYPE_DATE) \
	ROW(_time, struct sl_time, SL_TYPE_TIME) \
	ROW(_timedelta, struct sl_timedelta, SL_TYPE_TIMEDELTA)
#define SL_ENUM_TYPE_(ROW) ROW(_enum, int32_t, SL_TYPE_ENUM)

#define SL_FORMS_(word, type, number)                                                              \
	struct sl_opt##word { type value; uint32_t set; };                                        \
	struct sl_list##word { type const *items; size_t count; };                                \
	struct sl_opt_list##word { struct sl_list##word value; uint32_t set; };
SL_TYPES_(SL_FORMS_)
SL_ENUM_TYPE_(SL_FORMS_)
/* clang-format on */

/* struct sl_field.type: taken from the member by the compiler, never written by hand. */
enum {
	SL_TYPE_TEXT = 1,  /* const char *: ends with NUL; a value that holds a NUL is refused */
	SL_TYPE_STR,       /* struct sl_str */
	SL_TYPE_INT,       /* int64_t */
	SL_TYPE_DOUBLE,    /* double */
	SL_TYPE_BOOL,      /* bool */
	SL_TYPE_UINT,      /* uint64_t */
	SL_TYPE_UUID,      /* struct sl_uuid */
	SL_TYPE_DATETIME,  /* struct sl_datetime */
	SL_TYPE_DATE,      /* struct sl_date */
	SL_TYPE_TIME,      /* struct sl_time */
	SL_TYPE_TIMEDELTA, /* struct sl_timedelta */
	SL_TYPE_ENUM,      /* a C enum of 32 bits, by its names; since 1.1 */
	SL_TYPE_STRUCT,    /* a pointer to a struct, from a provider only; since 1.1 */
	SL_TYPE_OPTIONAL = 0x100, /* added: the sl_opt_ form */
	SL_TYPE_LIST = 0x200,     /* added: the sl_list_ form; since 1.1 */
};

/* A name as peers send it, and the enumerator it stands for. */
struct sl_enum_name {
	const char *name;
	int32_t value;
};

/*
 * One member of an argument struct. What follows `type` may be said beside the member, in this
 * order: SL_FIELD(seats, .default_value = "2", .ge = "1", .le = "8"). All are texts, spelled as in
 * routes.yaml, where a route may tighten and document further, and never loosen; NULL says nothing.
 */
struct sl_field {
	const char *name;
	uint32_t offset;                     /* bytes */
	uint32_t type;                       /* SL_TYPE_… */
	const char *alias;                   /* the name at the source */
	const char *default_value;           /* when the request has none */
	const char *convert_underscores;     /* "false": x_key is not read from the header x-key */
	const char *gt, *ge, *lt, *le;       /* of numbers */
	const char *multiple_of;             /* of numbers */
	const char *allow_inf_nan;           /* of double; "false" refuses inf and nan */
	const char *min_length, *max_length; /* of texts, code points */
	const char
		*pattern; /* of texts: a Perl regular expression, found anywhere without ^ and $ */
	/* Documentation: `socklet routes --json` shows it. */
	const char *title, *description, *example, *deprecated, *include_in_docs;
	/* Since 1.1. */
	const char *min_items, *max_items; /* of lists */
	const char *enum_values;           /* of texts: "red|green|blue" */
	const struct sl_enum_name *names;  /* SL_FIELD_ENUM's */
	uint32_t name_count;
	uint32_t struct_size;    /* bytes, SL_FIELD_STRUCT's */
	const char *struct_name; /* its tag */
};

/* All members of one struct that the host fills. Made by SL_ARGS. */
struct sl_table {
	uint32_t size;        /* of this struct */
	uint32_t stride;      /* bytes from field to field */
	uint32_t struct_size; /* bytes the host provides, zeroed */
	uint32_t field_count;
	const char *name;
	const struct sl_field *fields;
};

/* ---- messages and endings -------------------------------------------------------------------- */

enum { SL_TEXT = 1, SL_BINARY = 2 };

/* Owned by the host. Valid until the message callback returns. */
struct sl_message {
	struct sl_str data; /* whole, unmasked; of a text: valid UTF-8 */
	uint32_t type;      /* SL_TEXT or SL_BINARY */
};

enum { SL_BY_PEER = 1, SL_BY_PLUGIN = 2, SL_BY_HOST = 3 };

/* How a connection ended. Owned by the host. Valid until the disconnect callback returns. */
struct sl_end {
	uint32_t code; /* RFC 6455 7.4: the peer's or ours; 1005 none given, 1006 TCP loss */
	uint32_t by;   /* SL_BY_… */
	struct sl_str reason;
	uint32_t status; /* HTTP status of a refused handshake, for release; else 0; since 1.1 */
};

/*
 * A plain HTTP request, for the request callback. Owned by the host. Valid until it is answered.
 * Since 1.2.
 */
struct sl_request {
	struct sl_str method;       /* "POST"; of a HEAD that `methods` does not list: "GET" */
	struct sl_str body;         /* whole, without its framing; "" when there is none */
	struct sl_str content_type; /* the header; ptr NULL: absent */
};

struct sl_conn; /* one connection, or one plain HTTP request */
struct sl_provider;
struct sl_plugin; /* one plugin with one set of options, as a route uses it */
struct sl_bus;    /* what a bus driver offers: socklet_bus.h */
struct sl_timer;
struct event_base;

/* ---- the host's functions -------------------------------------------------------------------- */

/*
 * Filled in before the first callback. Plugins call the sl_ functions below, not this table. It
 * grows at its end only, with the minor.
 */
struct sl_host {
	uint32_t size;
	uint16_t major, minor;
	const void *(*extension)(const struct sl_host *, const char *id);
	int (*accept)(struct sl_conn *, const char *subprotocol);
	int (*refuse)(struct sl_conn *, unsigned status, const char *content_type, const void *body,
		size_t len);
	int (*refuse_detail)(struct sl_conn *, unsigned status, const char *detail);
	int (*response_header)(struct sl_conn *, const char *name, const char *value);
	int (*close)(struct sl_conn *, unsigned code, const char *reason);
	int (*send)(struct sl_conn *, uint32_t type, const void *data, size_t len);
	int (*vsendf)(struct sl_conn *, const char *format, va_list args);
	int (*vsend_json)(struct sl_conn *, const char *format, va_list args);
	size_t (*queued)(const struct sl_conn *);
	int (*pause)(struct sl_conn *);
	int (*resume)(struct sl_conn *);
	uint64_t (*id)(const struct sl_conn *);
	struct sl_conn *(*find)(const struct sl_host *, uint64_t id);
	void *(*state)(const struct sl_conn *);
	const void *(*args)(const struct sl_conn *);
	void *(*alloc)(struct sl_conn *, size_t size);
	struct sl_plugin *(*plugin_of)(const struct sl_conn *);
	void *(*plugin_state)(const struct sl_plugin *);
	const void *(*options)(const struct sl_plugin *);
	struct sl_str (*target)(const struct sl_conn *);
	struct sl_str (*path)(const struct sl_conn *);
	struct sl_str (*query)(const struct sl_conn *);
	struct sl_str (*path_param)(const struct sl_conn *, const char *name);
	struct sl_str (*query_param)(const struct sl_conn *, const char *name, size_t n);
	struct sl_str (*header)(const struct sl_conn *, const char *name, size_t n);
	struct sl_str (*header_at)(const struct sl_conn *, size_t n, struct sl_str *name);
	struct sl_str (*cookie)(const struct sl_conn *, const char *name);
	struct sl_str (*subprotocol)(const struct sl_conn *, size_t n);
	const char *(*peer)(const struct sl_conn *);
	struct sl_timer *(*conn_timer)(struct sl_conn *, uint64_t delay_ms, uint64_t repeat_ms,
		void (*fire)(struct sl_conn *, void *), void *data);
	struct sl_timer *(*plugin_timer)(struct sl_plugin *, uint64_t delay_ms, uint64_t repeat_ms,
		void (*fire)(struct sl_plugin *, void *), void *data);
	void (*timer_cancel)(struct sl_timer *);
	int (*offload)(struct sl_conn *, void (*work)(void *data),
		void (*done)(struct sl_conn *, void *data), void (*drop)(void *data), void *data);
	struct event_base *(*event_base)(const struct sl_host *);
	void (*vlog_conn)(const struct sl_conn *, int level, const char *format, va_list args);
	void (*vlog_plugin)(const struct sl_plugin *, int level, const char *format, va_list args);
	/* Since 1.1. */
	int (*reject)(struct sl_conn *, unsigned status, unsigned code, const char *detail);
	int (*provide)(struct sl_conn *, const struct sl_provider *, const void *value);
	struct sl_str (*security_scope)(const struct sl_conn *, size_t n);
	/* Since 1.2. */
	int (*count)(struct sl_plugin *, const char *name, uint64_t add);
	int (*subscribe)(struct sl_conn *, const char *topic, uint32_t flags);
	int (*unsubscribe)(struct sl_conn *, const char *topic);
	int (*publish)(
		struct sl_conn *, const char *topic, uint32_t type, const void *data, size_t len);
	int (*plugin_publish)(
		struct sl_plugin *, const char *topic, uint32_t type, const void *data, size_t len);
	int (*vpublishf)(struct sl_conn *, const char *topic, const char *format, va_list args);
	int (*plugin_vpublishf)(
		struct sl_plugin *, const char *topic, const char *format, va_list args);
	size_t (*subscribers)(const struct sl_host *, const char *topic);
	const char *(*chosen_subprotocol)(struct sl_conn *);
	const char *(*scheme)(const struct sl_conn *);
	int (*send_keyed)(
		struct sl_conn *, uint64_t key, uint32_t type, const void *data, size_t len);
	uint64_t (*dropped)(const struct sl_conn *);
	size_t (*queue_limit)(const struct sl_conn *);
	uint64_t (*rtt)(const struct sl_conn *, int last);
	int (*respond)(struct sl_conn *, unsigned status, const char *content_type,
		const void *body, size_t len);
	int (*vrespond_json)(struct sl_conn *, unsigned status, const char *format, va_list args);
	int (*respond_start)(struct sl_conn *, unsigned status, const char *content_type);
	int (*respond_write)(struct sl_conn *, const void *data, size_t len);
	int (*respond_end)(struct sl_conn *);
	int (*present)(struct sl_conn *, const char *topic, const char *label);
	int (*send_present)(struct sl_conn *, const char *topic);
	int (*subscribe_from)(
		struct sl_conn *, const char *topic, uint32_t flags, const char *position);
};

#define SL_HIDDEN              __attribute__((visibility("hidden")))
#define SL_EXPORT              __attribute__((visibility("default")))
#define SL_PRINTF(text, first) __attribute__((format(printf, text, first)))

extern SL_HIDDEN const struct sl_host *sl_host_; /* defined by SL_PLUGIN */

/* ---- answering the handshake ----------------------------------------------------------------- */

/*
 * Adds a header to the answer of the handshake, accepted or refused, or of a plain request:
 * Set-Cookie, …
 * Name and value are copied. When: before the answer. Fails: SL_INVALID for a name or value that
 * HTTP does not allow or that the host sets itself (Connection, Upgrade, Sec-WebSocket-…,
 * Content-Length, …); SL_CLOSED after the answer.
 */
static inline int sl_response_header(struct sl_conn *conn, const char *name, const char *value)
{
	return sl_host_->response_header(conn, name, value);
}

/*
 * Accepts the connection, with a subprotocol (one that the peer offered) or NULL for the one that
 * the route chooses by its `subprotocols`: none, where it has no such key. A connect callback that
 * returns SL_OK without having answered accepts with that.
 * When: in connect, or later after SL_LATER; sending may start at once. Fails: SL_INVALID for a
 * subprotocol that was not offered; SL_CLOSED when answered already or gone.
 */
static inline int sl_accept(struct sl_conn *conn, const char *subprotocol)
{
	return sl_host_->accept(conn, subprotocol);
}

/*
 * Refuses with an HTTP status and the body {"detail": detail}; on a route with `reject: close` with
 * a close frame: 1008, from status 500 on 1011, and detail. No disconnect callback follows.
 * When: as sl_accept, also in a provider. Limits: status 300 to 599. Fails: as sl_accept.
 */
static inline int sl_refuse(struct sl_conn *conn, unsigned status, const char *detail)
{
	return sl_host_->refuse_detail(conn, status, detail);
}

/*
 * The same with the close code for a route with `reject: close`: sl_reject(conn, 401, 4401, "Not
 * authenticated"). Limits: as sl_refuse and sl_close. Since 1.1.
 */
static inline int sl_reject(
	struct sl_conn *conn, unsigned status, unsigned code, const char *detail)
{
	return sl_host_->reject(conn, status, code, detail);
}

/* The same with a body of your own; copied. */
static inline int sl_refuse_with(struct sl_conn *conn, unsigned status, const char *content_type,
	const void *body, size_t len)
{
	return sl_host_->refuse(conn, status, content_type, body, len);
}

/*
 * Ends the connection. Accepted: a close frame with code and reason leaves after all that was sent
 * before; no message callback follows; disconnect is called at the end of this turn of the loop,
 * with SL_BY_PLUGIN. Not accepted yet: the peer is refused with 403 and the reason as detail, as
 * FastAPI does, or on a route with `reject: close` accepted and closed with code and reason. To
 * give a browser a code that it can read on any route, sl_accept first. Code 0 sends a close frame
 * without code. Limits: code 1000-1003, 1007-1014 or 3000-4999; reason 123 bytes, a longer one is
 * cut on a character border; NULL is an empty one. Fails: SL_INVALID for another code; SL_CLOSED
 * when closing already.
 */
static inline int sl_close(struct sl_conn *conn, unsigned code, const char *reason)
{
	return sl_host_->close(conn, code, reason);
}

/* ---- sending --------------------------------------------------------------------------------- */

/*
 * Sends one message, SL_TEXT (must be UTF-8) or SL_BINARY. The data are copied. Messages of one
 * turn of the loop leave together. When: from sl_accept on. Limits: `limits: {queue: …}` of the
 * route, in bytes of frames that wait for the peer; when this one would go beyond it, the route's
 * `limits: {overflow: …}` decides:
 *
 *	close		SL_FULL: the peer reads too slowly, and is closed with 1013 (close_1008:
 *			with 1008)
 *	tell		SL_FULL: nothing was queued, the connection stays; drained is called when at
 *			least half of the queue is free. A callback that returns SL_FULL as its own
 *			result closes with 1011 as with any error
 *	drop_newest	SL_DROPPED: this message was not queued
 *	drop_oldest	SL_OK: the oldest that wait were dropped for it; SL_DROPPED: they were not
 *			enough, as one that has begun to leave is never dropped
 *	keep_last	the same; and see sl_send_keyed
 *
 * Fails: SL_CLOSED, SL_FULL, SL_INVALID.
 */
static inline int sl_send(struct sl_conn *conn, uint32_t type, const void *data, size_t len)
{
	return sl_host_->send(conn, type, data, len);
}

/* One text message, formatted as by printf. Fails: as sl_send. */
SL_PRINTF(2, 3) static inline int sl_sendf(struct sl_conn *conn, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = sl_host_->vsendf(conn, format, args);
	va_end(args);
	return result;
}

/*
 * One text message of JSON, built by a format of jansson's json_pack: sl_send_json(conn,
 * "{s:s, s:I}", "user", name, "count", (int64_t)n). Compact, UTF-8. Fails: as sl_send; SL_INVALID
 * for a wrong format or a string that is not UTF-8.
 */
static inline int sl_send_json(struct sl_conn *conn, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = sl_host_->vsend_json(conn, format, args);
	va_end(args);
	return result;
}

/*
 * As sl_send, for a message that makes older ones of the same key worthless: on a route with
 * `overflow: keep_last` it takes the place of the one that still waits, if one does, so that at
 * most one message a key waits. It keeps the place in the queue: a key that changes all the time is
 * not always the last. Other routes take no notice of the key. Limits: key not 0, which is none.
 * Fails: as sl_send. Since 1.2.
 */
static inline int sl_send_keyed(
	struct sl_conn *conn, uint64_t key, uint32_t type, const void *data, size_t len)
{
	return sl_host_->send_keyed(conn, key, type, data, len);
}

/* How many messages the route's overflow has dropped or replaced so far. Since 1.2. */
static inline uint64_t sl_dropped(const struct sl_conn *conn)
{
	return sl_host_->dropped(conn);
}

/* What `limits: {queue: …}` of the route is, in bytes. Since 1.2. */
static inline size_t sl_queue_limit(const struct sl_conn *conn)
{
	return sl_host_->queue_limit(conn);
}

/*
 * Bytes accepted by sl_send and not yet by the kernel, frames and all; where messages may be
 * dropped each counts for 64 at least. 0 again: the drained callback.
 */
static inline size_t sl_queued(const struct sl_conn *conn)
{
	return sl_host_->queued(conn);
}

/*
 * Stops and starts reading from the peer, whose messages then wait in the kernel. At most the
 * messages that one read brought still arrive after sl_pause. While sl_offload has as much work of
 * the connection as `limits: {jobs: …}` allows, nothing is read either. Fails: SL_CLOSED.
 */
static inline int sl_pause(struct sl_conn *conn)
{
	return sl_host_->pause(conn);
}
static inline int sl_resume(struct sl_conn *conn)
{
	return sl_host_->resume(conn);
}

/*
 * What: the microseconds that a ping of the host takes to the peer and back, smoothed over the last
 * ones (sl_rtt), or of the last one alone. One is measured each `ping: {interval}` of the route.
 * When: any callback; 0 before the first was answered, and after the end. Since 1.2.
 */
static inline uint64_t sl_rtt(const struct sl_conn *conn)
{
	return sl_host_->rtt(conn, 0);
}
static inline uint64_t sl_rtt_last(const struct sl_conn *conn)
{
	return sl_host_->rtt(conn, 1);
}

/* ---- topics ---------------------------------------------------------------------------------- */

/*
 * Topics belong to the host: all plugins, and old and new versions of one, share them, in all
 * workers. A name has levels with '/' between them, the first of which should be the plugin's name:
 * "chat/lobby". A subscription may hold wildcards: a level "+" stands for any one level, "#" as the
 * last one for all the rest. Limits of a name: 255 bytes of UTF-8, 10 levels, none empty, no
 * control characters.
 */

/* Flags of sl_subscribe, and of sl_subscribe_from. */
enum {
	SL_EXCLUDE_SELF = 1, /* what this connection publishes is not for itself */
	/* Of sl_subscribe_from alone. */
	SL_POSITIONS = 2, /* messages come as JSON, with their position */
	SL_KEPT = 4,      /* without a position that is known: begin with all that is kept */
};

/*
 * What is published to the topic from now on is sent to the connection, without a callback: as by
 * sl_send, in the order of publishing, and once even if several of its subscriptions match. Once
 * more for the same topic changes the flags. Ends by itself with the connection; a reload keeps
 * it. When: any callback; before the answer nothing is sent yet. Limits: 1,000 subscriptions of a
 * connection. Fails: SL_INVALID, SL_CLOSED, SL_FULL. Since 1.2.
 */
static inline int sl_subscribe(struct sl_conn *conn, const char *topic, uint32_t flags)
{
	return sl_host_->subscribe(conn, topic, flags);
}

/*
 * As sl_subscribe, but the peer is first sent what it has missed: what was published behind
 * `position`, in that order, without gap or double; then what is new. A position is what the host
 * gave to a client with SL_POSITIONS, as the client sent it, unchecked: any text is safe; NULL or
 * "": there is none, so nothing was missed, or with SL_KEPT: everything that is kept. If what was
 * missed cannot be known (too old, of another life of the host, none at all) the lost callback is
 * called with the topic as it was subscribed to and 0, and the peer goes on with what is new, or
 * with SL_KEPT with what is kept. Only topics of `topics: {history: …}` are kept; for others this
 * is the same as that case.
 * With SL_POSITIONS each message comes as a JSON text, {"topic":…,"position":…,"text":…}, of
 * SL_BINARY data with "base64" instead of "text", and the host adds {"topic":…,"position":…} once
 * the peer has all that it missed, {"topic":…,"lost":true} where something cannot be known. A
 * position is of that one subscription. Copies both texts. When: any callback; nothing is sent
 * before the answer, and the past never within this function. Limits, Fails: as sl_subscribe.
 * Since 1.2.
 */
static inline int sl_subscribe_from(
	struct sl_conn *conn, const char *topic, uint32_t flags, const char *position)
{
	return sl_host_->subscribe_from(conn, topic, flags, position);
}

/* Ends it; SL_OK also when there was none. The topic is spelled as it was subscribed to. Since 1.2.
 */
static inline int sl_unsubscribe(struct sl_conn *conn, const char *topic)
{
	return sl_host_->unsubscribe(conn, topic);
}

/*
 * Sends a message to all subscribers of the topic, in all workers. SL_TEXT must be UTF-8. The data
 * are copied, once for all. No callback runs in here. Few members have it queued when this returns,
 * many get it in this and the next turns of the loop, always in the order of publishing; a member
 * that reads too slowly is dealt with as by sl_send, and the others do not notice. When: any
 * callback, also disconnect, and done and drop of sl_offload; never in its work. Limits: 16 MiB a
 * message; `topics: {queue: …}` for all that wait. Fails: SL_INVALID; SL_FULL: too much waits, and
 * nobody gets this one. Since 1.2.
 */
static inline int sl_publish(
	struct sl_conn *conn, const char *topic, uint32_t type, const void *data, size_t len)
{
	return sl_host_->publish(conn, topic, type, data, len);
}

/* The same from no connection: timers of the plugin, start. Since 1.2. */
static inline int sl_plugin_publish(
	struct sl_plugin *plugin, const char *topic, uint32_t type, const void *data, size_t len)
{
	return sl_host_->plugin_publish(plugin, topic, type, data, len);
}

/* One text message, formatted as by printf. Fails: as sl_publish. Since 1.2. */
SL_PRINTF(3, 4)
static inline int sl_publishf(struct sl_conn *conn, const char *topic, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = sl_host_->vpublishf(conn, topic, format, args);
	va_end(args);
	return result;
}

SL_PRINTF(3, 4)
static inline int sl_plugin_publishf(
	struct sl_plugin *plugin, const char *topic, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = sl_host_->plugin_vpublishf(plugin, topic, format, args);
	va_end(args);
	return result;
}

/*
 * How many subscriptions match a topic, of the connections of all workers of this host: who matches
 * by two filters counts twice. Asks nobody and costs about as much as finding the members. Changes
 * on this worker show at once; those on others a turn of their loop later, a few milliseconds as a
 * rule, so two workers may differ for a moment. When: as sl_publish. Limits: of a worker with
 * subscriptions to more than 65,536 different filters the others count those alone that came first.
 * Fails: 0 for a name that is none. Since 1.2.
 */
static inline size_t sl_subscribers(const char *topic)
{
	return sl_host_->subscribers(sl_host_, topic);
}

/*
 * Makes the connection present in a topic, under a label such as a name, whether it has subscribed
 * or not; again with another label: it leaves and comes; NULL: it leaves. Copies both. Ends by
 * itself with the connection, also when its worker dies; a reload keeps it. Whoever comes or goes
 * is published to "$presence/" and the topic, which any connection may subscribe to, as JSON:
 *	{"event":"join","topic":"chat/lobby","id":17,"label":"ann"}	or "leave"
 * With a `bus` they are of all hosts on it, and have "host":"5f0c2a917be3d864" before "id", which
 * is unique on that host only. Nobody else may publish there. A wildcard as the first level does
 * not match what begins with '$'. When: any callback. Limits: a label of 255 bytes of UTF-8; a
 * topic of 245 bytes and 9 levels; 1,000 topics of a connection. Fails: SL_INVALID, SL_CLOSED,
 * SL_FULL. Since 1.2.
 */
static inline int sl_present(struct sl_conn *conn, const char *topic, const char *label)
{
	return sl_host_->present(conn, topic, label);
}

/*
 * Sends the connection, soon, who is present in a topic, in all workers, as JSON:
 *	{"event":"present","topic":"chat/lobby","count":1,"members":[{"id":17,"label":"ann"}]}
 * With a `bus` on all hosts of it; each member then has a "host", as in the notices.
 * Who has subscribed to "$presence/" and the topic before misses nobody: a notice that comes before
 * the list may tell of somebody who is in it. When: any callback once accepted. Limits: 10,000
 * members are listed, all are counted; it costs as much as the list is long, so ask when somebody
 * comes, not for each message. Fails: SL_INVALID; SL_CLOSED; SL_FULL: too much waits. Since 1.2.
 */
static inline int sl_send_present(struct sl_conn *conn, const char *topic)
{
	return sl_host_->send_present(conn, topic);
}

/* ---- answering a plain request --------------------------------------------------------------- */

/*
 * Answers, with a body (copied; len 0: none) of that content type (NULL: none is named). Headers
 * from sl_response_header come along. When: in the request callback, or later after SL_LATER; in a
 * provider it answers instead of the plugin. Limits: status 200 to 599. Fails: SL_INVALID for
 * another status or on a WebSocket; SL_CLOSED when answered already or gone. Since 1.2.
 */
static inline int sl_respond(struct sl_conn *conn, unsigned status, const char *content_type,
	const void *body, size_t len)
{
	return sl_host_->respond(conn, status, content_type, body, len);
}

/* The same with a body of JSON, built as by sl_send_json. Fails: as both. Since 1.2. */
static inline int sl_respond_json(struct sl_conn *conn, unsigned status, const char *format, ...)
{
	va_list args;
	int result;

	va_start(args, format);
	result = sl_host_->vrespond_json(conn, status, format, args);
	va_end(args);
	return result;
}

/*
 * An answer in pieces: its head leaves with this turn of the loop, then what sl_respond_write is
 * given, until sl_respond_end. Then return SL_LATER. The drained callback comes as for WebSockets.
 * When: from the request callback on. Limits and Fails: as sl_respond. Since 1.2.
 */
static inline int sl_respond_start(struct sl_conn *conn, unsigned status, const char *content_type)
{
	return sl_host_->respond_start(conn, status, content_type);
}

/*
 * One piece, copied. Limits: `limits: {queue: …}` of the route. Fails: SL_FULL when the piece does
 * not fit behind what is queued: nothing was taken, and drained will be called; SL_INVALID for a
 * piece that could never fit; SL_CLOSED when the client has left. Since 1.2.
 */
static inline int sl_respond_write(struct sl_conn *conn, const void *data, size_t len)
{
	return sl_host_->respond_write(conn, data, len);
}

/* The answer is whole. Fails: SL_CLOSED when none has begun, or it has ended. Since 1.2. */
static inline int sl_respond_end(struct sl_conn *conn)
{
	return sl_host_->respond_end(conn);
}

/* ---- identity and state ---------------------------------------------------------------------- */

/* A number that names the connection, never given twice by one host. Keep this, not the pointer. */
static inline uint64_t sl_id(const struct sl_conn *conn)
{
	return sl_host_->id(conn);
}

/* The connection of that id; NULL once its life has ended. */
static inline struct sl_conn *sl_find(uint64_t id)
{
	return sl_host_->find(sl_host_, id);
}

/* The connection's state: `.state_size` bytes, zeroed before connect. Valid: the connection's life.
 */
static inline void *sl_state(const struct sl_conn *conn)
{
	return sl_host_->state(conn);
}

/* The struct that the callbacks are given, for timers and done. Valid: the connection's life. */
static inline const void *sl_conn_args(const struct sl_conn *conn)
{
	return sl_host_->args(conn);
}

/*
 * `size` zeroed bytes that end with the connection's life; called by a provider of scope message,
 * with that message. For results of providers. Never NULL.
 */
static inline void *sl_alloc(struct sl_conn *conn, size_t size)
{
	return sl_host_->alloc(conn, size);
}

static inline struct sl_plugin *sl_plugin_of(const struct sl_conn *conn)
{
	return sl_host_->plugin_of(conn);
}

/*
 * The plugin's state: `.plugin_state_size` bytes, zeroed before start. One for all routes that use
 * the plugin with equal options; a reload that changes neither the .so nor the options keeps it.
 * Valid: from start to the return of stop.
 */
static inline void *sl_plugin_state(const struct sl_plugin *plugin)
{
	return sl_host_->plugin_state(plugin);
}

/* The struct named by `.options`, filled from `options:` of the route. Valid: as plugin_state. */
static inline const void *sl_options(const struct sl_plugin *plugin)
{
	return sl_host_->options(plugin);
}

/* ---- the request ----------------------------------------------------------------------------- */

/*
 * The handshake's request as it came. Owned by the host. Valid: until the handshake is answered, or
 * the connection's life with `.flags = SL_KEEP_REQUEST`; afterwards all return an empty sl_str.
 * A ptr of NULL means absent. Names of headers compare without case; `n` counts repetitions from 0.
 */
static inline struct sl_str sl_target(const struct sl_conn *conn) /* "/a%20b?x=1" */
{
	return sl_host_->target(conn);
}
static inline struct sl_str sl_path(const struct sl_conn *conn) /* "/a b" */
{
	return sl_host_->path(conn);
}
static inline struct sl_str sl_query(const struct sl_conn *conn) /* "x=1" */
{
	return sl_host_->query(conn);
}
static inline struct sl_str sl_path_param(const struct sl_conn *conn, const char *name)
{
	return sl_host_->path_param(conn, name);
}
static inline struct sl_str sl_query_param(const struct sl_conn *conn, const char *name, size_t n)
{
	return sl_host_->query_param(conn, name, n);
}
static inline struct sl_str sl_header(const struct sl_conn *conn, const char *name, size_t n)
{
	return sl_host_->header(conn, name, n);
}
/* The n-th header line of all: its value, and its name in *name. */
static inline struct sl_str sl_header_at(const struct sl_conn *conn, size_t n, struct sl_str *name)
{
	return sl_host_->header_at(conn, n, name);
}
static inline struct sl_str sl_cookie(const struct sl_conn *conn, const char *name)
{
	return sl_host_->cookie(conn, name);
}
/* The n-th subprotocol that the peer offers. */
static inline struct sl_str sl_subprotocol(const struct sl_conn *conn, size_t n)
{
	return sl_host_->subprotocol(conn, n);
}
/*
 * The subprotocol that the connection speaks; before the answer, the one that sl_accept with NULL
 * would choose: the first of the route's `subprotocols` that the peer offers. NULL for none.
 * Valid: the connection's life. Since 1.2.
 */
static inline const char *sl_chosen_subprotocol(struct sl_conn *conn)
{
	return sl_host_->chosen_subprotocol(conn);
}
/*
 * The n-th scope that those who take the result of the provider being called ask for, all of
 * them together as FastAPI's SecurityScopes. When: in a provider, before it returns. Since 1.1.
 */
static inline struct sl_str sl_security_scope(const struct sl_conn *conn, size_t n)
{
	return sl_host_->security_scope(conn, n);
}
/*
 * "127.0.0.1:53124"; behind a proxy of the routes file's `proxies`, the client for whom it speaks,
 * as it writes it: "203.0.113.9", without a port perhaps. Valid: the connection's life.
 */
static inline const char *sl_peer(const struct sl_conn *conn)
{
	return sl_host_->peer(conn);
}
/*
 * What: "wss" when the connection came over TLS, else "ws". Owned by the host. Valid: for ever.
 * When: any callback. Since 1.2.
 */
static inline const char *sl_scheme(const struct sl_conn *conn)
{
	return sl_host_->scheme(conn);
}

/* ---- time and threads --------------------------------------------------------------------------
 */

/*
 * Calls fire(conn, data) after delay_ms, then every repeat_ms (0: once). Ends by itself with the
 * connection's life, or by sl_timer_cancel; a timer that fired its only time is gone. Owned by the
 * host. When: any callback. Limits: about a millisecond exact. Fails: NULL when the connection is
 * closing.
 */
static inline struct sl_timer *sl_conn_timer(struct sl_conn *conn, uint64_t delay_ms,
	uint64_t repeat_ms, void (*fire)(struct sl_conn *conn, void *data), void *data)
{
	return sl_host_->conn_timer(conn, delay_ms, repeat_ms, fire, data);
}

/* The same for the plugin: ends by itself before stop is called. When: from start on. */
static inline struct sl_timer *sl_plugin_timer(struct sl_plugin *plugin, uint64_t delay_ms,
	uint64_t repeat_ms, void (*fire)(struct sl_plugin *plugin, void *data), void *data)
{
	return sl_host_->plugin_timer(plugin, delay_ms, repeat_ms, fire, data);
}

static inline void sl_timer_cancel(struct sl_timer *timer)
{
	sl_host_->timer_cancel(timer);
}

/*
 * Runs work(data) on a thread of the pool, then on the loop done(conn, data), or drop(data) when
 * the connection's life has ended meanwhile; exactly one of the two. For what would block: files, a
 * database. `work` must call no function of this header. `data` stays yours; `drop` may be NULL.
 * The code stays loaded until then. When: any callback, also before the answer (return SL_LATER).
 * Limits: 1,024 jobs waiting. Fails: SL_FULL, SL_CLOSED; then none of the three is called.
 */
static inline int sl_offload(struct sl_conn *conn, void (*work)(void *data),
	void (*done)(struct sl_conn *conn, void *data), void (*drop)(void *data), void *data)
{
	return sl_host_->offload(conn, work, done, drop, data);
}

/* The worker's libevent base, for a plugin's own sockets. Never loop or free it. */
static inline struct event_base *sl_event_base(void)
{
	return sl_host_->event_base(sl_host_);
}

/* A table beyond this header by its id, or NULL when this host does not have it. */
static inline const void *sl_extension(const char *id)
{
	return sl_host_->extension(sl_host_, id);
}

/* ---- log ----------------------------------------------------------------------------------------
 */

enum { SL_LOG_DEBUG = 0, SL_LOG_INFO = 1, SL_LOG_WARN = 2, SL_LOG_ERROR = 3 };

/* One line of the host's log, tagged with plugin, route and connection. Control characters are
 * escaped. */
SL_PRINTF(3, 4)
static inline void sl_log(const struct sl_conn *conn, int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sl_host_->vlog_conn(conn, level, format, args);
	va_end(args);
}

SL_PRINTF(3, 4)
static inline void sl_plugin_log(const struct sl_plugin *plugin, int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sl_host_->vlog_plugin(plugin, level, format, args);
	va_end(args);
}

/*
 * Counts something of the plugin's own: `socklet status --json` shows the sum of all workers, and
 * `socklet status --metrics` tells Prometheus as socklet_plugin_total{plugin, name}. The count goes
 * on over reloads, and begins anew with the process. `name`: letters, digits and '_', 64 bytes.
 * When: any callback. Limits: 1,024 names in a worker. Fails: SL_INVALID for another name, SL_FULL.
 * Since 1.2.
 */
static inline int sl_count(struct sl_plugin *plugin, const char *name, uint64_t add)
{
	return sl_host_->count(plugin, name, add);
}

/* ---- declaring a plugin ---------------------------------------------------------------------- */

enum { SL_PROVIDERS_MAX = 16 };

/* .flags */
enum { SL_KEEP_REQUEST = 1 /* keep the request for the connection's life: costs its memory */ };

/*
 * How long a provider's result lives. Whoever takes it must not live longer: another provider of
 * a longer scope may not.
 */
enum {
	SL_SCOPE_CONNECTION = 0, /* from before connect to after disconnect */
	SL_SCOPE_HANDSHAKE = 1,  /* until connect has returned, or later answered; then the member
				    is cleared */
	SL_SCOPE_MESSAGE = 2,    /* asked for before each message callback, released after it;
				    in other callbacks the member is cleared */
};

/* A function whose result is injected. Made by SL_PROVIDER. */
struct sl_provider {
	const char *name;
	const struct sl_table *(*args)(void);
	uint32_t type; /* of the result, SL_TYPE_… */
	uint32_t size; /* of the result, bytes */
	int (*call)(struct sl_conn *, const void *args, void *result);
	/* Since 1.1. */
	const uint32_t *scope; /* SL_SCOPE_… */
	uint32_t struct_size;  /* of SL_TYPE_STRUCT */
	const char *struct_name;
	void (*release)(struct sl_conn *, void *result, const struct sl_end *); /* or NULL */
};

/*
 * What the one exported function returns. The first four members never move: they protect the
 * rest. The host reads min(size, its own size); members are added at the end only.
 */
struct sl_plugin_info {
	uint32_t magic;
	uint32_t size;
	uint16_t major, minor;
	uint32_t flags;
	const struct sl_host **host; /* the host stores its table here */
	const char *name;
	const struct sl_table *args, *options; /* options may be NULL */
	const struct sl_provider *const *providers;
	uint32_t provider_count;
	uint32_t accepts; /* SL_TEXT, SL_BINARY, both or-ed, 0: both */
	size_t state_size, plugin_state_size;
	int (*start)(struct sl_plugin *);
	void (*stop)(struct sl_plugin *);
	int (*connect)(struct sl_conn *, const void *args);
	int (*message)(struct sl_conn *, const void *args, const struct sl_message *);
	void (*disconnect)(struct sl_conn *, const void *args, const struct sl_end *);
	void (*drained)(struct sl_conn *, const void *args);
	/* Since 1.1. */
	uint32_t layout; /* the author's number of the state's layout */
	int (*hand_over)(struct sl_conn *, const void *old_state, uint32_t old_layout,
		size_t old_size, void *state);
	/* Since 1.2. */
	void (*lost)(struct sl_conn *, const void *args, struct sl_str topic, uint64_t count);
	int (*request)(struct sl_conn *, const void *args, const struct sl_request *);
	void (*request_end)(struct sl_conn *, const void *args, const struct sl_end *);
	const struct sl_bus *bus; /* of socklet_bus.h */
};

#define SL_ENTRY "socklet_plugin" /* the exported function's name */
typedef const struct sl_plugin_info *sl_entry(void);
SL_EXPORT sl_entry socklet_plugin;

#ifdef __cplusplus
} /* extern "C" */

/* clang-format off */
template <class T> struct sl_type_of; /* no such member type: see SL_TYPES_ */
template <class T> struct sl_enum_type_of {
	static_assert(__is_enum(T) && sizeof(T) == 4, "SL_FIELD_ENUM is for an enum of 32 bits");
	enum { value = SL_TYPE_ENUM };
};
#define SL_IS_(trait, type, number) template <> struct trait<type> { enum { value = number }; };
#define SL_FORMS_ARE_(trait, word, number)                                                         \
	SL_IS_(trait, sl_opt##word, number | SL_TYPE_OPTIONAL)                                    \
	SL_IS_(trait, sl_list##word, number | SL_TYPE_LIST)                                       \
	SL_IS_(trait, sl_opt_list##word, number | SL_TYPE_LIST | SL_TYPE_OPTIONAL)
#define SL_TYPE_ROW_(word, type, number)                                                           \
	SL_IS_(sl_type_of, type, number) SL_FORMS_ARE_(sl_type_of, word, number)
#define SL_ENUM_ROW_(word, type, number) SL_FORMS_ARE_(sl_enum_type_of, word, number)
SL_TYPES_(SL_TYPE_ROW_)
SL_ENUM_TYPE_(SL_ENUM_ROW_)
template <class T, class Tag> struct sl_struct_type_of; /* not a pointer to that struct */
template <class Tag> struct sl_struct_type_of<Tag *, Tag> { enum { value = SL_TYPE_STRUCT }; };
template <class Tag> struct sl_struct_type_of<const Tag *, Tag> {
	enum { value = SL_TYPE_STRUCT };
};
#define SL_TYPE_(type)                    (uint32_t) sl_type_of<type>::value
#define SL_MEMBER_TYPE_(type, m)          SL_TYPE_(decltype(type::m))
#define SL_ENUM_MEMBER_TYPE_(type, m)     (uint32_t) sl_enum_type_of<decltype(type::m)>::value
#define SL_STRUCT_MEMBER_TYPE_(type, m, tag)                                                       \
	(uint32_t) sl_struct_type_of<decltype(type::m), struct tag>::value
#define SL_C_                             extern "C"
#else
/* clang-format off */
#define SL_FORMS_ARE_(word, type, number)                                                          \
	, struct sl_opt##word: (number) | SL_TYPE_OPTIONAL                                        \
	, struct sl_list##word: (number) | SL_TYPE_LIST                                           \
	, struct sl_opt_list##word: (number) | SL_TYPE_LIST | SL_TYPE_OPTIONAL
#define SL_TYPE_ROW_(word, type, number)  , type: (number) SL_FORMS_ARE_(word, type, number)
#define SL_TYPE_EXPR_(expression)         (uint32_t) _Generic((expression) SL_TYPES_(SL_TYPE_ROW_))
#define SL_TYPE_(type)                    SL_TYPE_EXPR_(*(type *)0)
#define SL_MEMBER_TYPE_(type, m)          SL_TYPE_EXPR_(((type *)0)->m)
#define SL_ENUM_MEMBER_TYPE_(type, m)                                                              \
	(uint32_t) _Generic(((type *)0)->m, int: SL_TYPE_ENUM, unsigned: SL_TYPE_ENUM              \
		SL_ENUM_TYPE_(SL_FORMS_ARE_))
#define SL_STRUCT_MEMBER_TYPE_(type, m, tag)                                                       \
	(uint32_t) _Generic(((type *)0)->m, struct tag *: SL_TYPE_STRUCT,                          \
		const struct tag *: SL_TYPE_STRUCT)
#define SL_C_
#endif
/* clang-format on */

/* Designated initialisers are C++20 by the letter; gcc and clang have them in C++17. */
/* Unformatted: the formatter would break the texts in two, which _Pragma does not take. */
/* clang-format off */
#ifdef __cplusplus
#ifdef __clang__
#define SL_QUIET_(...)                                                                             \
	_Pragma("clang diagnostic push")                                                           \
	_Pragma("clang diagnostic ignored \"-Wpragmas\"")                                          \
	_Pragma("clang diagnostic ignored \"-Wc++20-designator\"")                                 \
	_Pragma("clang diagnostic ignored \"-Wmissing-field-initializers\"")                       \
	__VA_ARGS__                                                                                \
	_Pragma("clang diagnostic pop")
#else
#define SL_QUIET_(...)                                                                             \
	_Pragma("GCC diagnostic push")                                                             \
	_Pragma("GCC diagnostic ignored \"-Wc++20-extensions\"")                                   \
	_Pragma("GCC diagnostic ignored \"-Wmissing-field-initializers\"")                         \
	__VA_ARGS__                                                                                \
	_Pragma("GCC diagnostic pop")
#endif
#else
#define SL_QUIET_(...) __VA_ARGS__
#endif
/* clang-format on */

/*
 * SL_ARGS(tag, SL_FIELD(member), …): the members of `struct tag` that the host fills. A member left
 * out stays zero. Defines the function tag_table, which SL_PLUGIN, SL_PROVIDER and .options use.
 */
#define SL_ARGS(tag, ...)                                                         \
	static const struct sl_table *tag##_table(void)                           \
	{                                                                         \
		typedef struct tag sl_self_;                                      \
		SL_QUIET_(static const struct sl_field fields[] = {__VA_ARGS__};) \
		static const struct sl_table table = {sizeof(struct sl_table),    \
			sizeof(struct sl_field), sizeof(sl_self_),                \
			sizeof(fields) / sizeof(fields[0]), #tag, fields};        \
		return &table;                                                    \
	}                                                                         \
	struct tag /* takes the semicolon */

/* SL_FIELD(member), or with what else it has to be: SL_FIELD(member, .ge = "1", .lt = "1000"). */
/* clang-format off */
#define SL_FIELD(...) SL_FIELD_(__VA_ARGS__, )
#define SL_FIELD_(member, ...) \
	{.name = #member, .offset = (uint32_t)offsetof(sl_self_, member), \
		.type = SL_MEMBER_TYPE_(sl_self_, member), __VA_ARGS__}

/*
 * A C enum (or its forms sl_opt_enum, sl_list_enum, sl_opt_list_enum), with an array that names its
 * enumerators as peers send them; a field without a name for an enumerator is fine. Since 1.1.
 *
 *	static const struct sl_enum_name color_names[] = {{"red", RED}, {"green", GREEN}};
 *	SL_FIELD_ENUM(color, color_names, .default_value = "red")
 */
#define SL_FIELD_ENUM(...) SL_FIELD_ENUM_(__VA_ARGS__, )
#define SL_FIELD_ENUM_(member, names_, ...) \
	{.name = #member, .offset = (uint32_t)offsetof(sl_self_, member), \
		.type = SL_ENUM_MEMBER_TYPE_(sl_self_, member), __VA_ARGS__ .names = names_, \
		.name_count = (uint32_t)(sizeof(names_) / sizeof((names_)[0]))}

/* A pointer to `struct tag` that a SL_PROVIDER_STRUCT gives. Since 1.1. */
#define SL_FIELD_STRUCT(member, tag) \
	{.name = #member, .offset = (uint32_t)offsetof(sl_self_, member), \
		.type = SL_STRUCT_MEMBER_TYPE_(sl_self_, member, tag), \
		.struct_size = (uint32_t)sizeof(struct tag), .struct_name = #tag}
/* clang-format on */

/* For a plugin that wants nothing injected. */
struct sl_no_args {
	char unused;
};
static inline const struct sl_table *sl_no_args_table(void)
{
	static const struct sl_table table = {sizeof(struct sl_table), sizeof(struct sl_field),
		sizeof(struct sl_no_args), 0, "sl_no_args", NULL};
	return &table;
}

/*
 * SL_PROVIDER(name, args, type, …): a function `static int name(struct sl_conn *conn, const struct
 * args *args, type *result)` becomes a provider. Type: as a member's. List it in SL_PLUGIN:
 * `.providers = {&name_provider}`. It is called before those who take its result, once per
 * connection (scope message: once per message) unless they say `cache: false`, and either
 *
 *	- stores its result, whose pointers must last as long as its scope (arguments and sl_alloc
 *	  do), and returns SL_OK;
 *	- or answers itself: sl_refuse, sl_reject, sl_close;
 *	- or returns SL_LATER and calls name_provide(conn, value), which SL_PROVIDER defines, when
 *	  the value is there, or answers itself then. name_provide fails with SL_CLOSED when nobody
 *	  waits any more (the peer left, `timeout:` passed): the value stays the provider's;
 *	- or fails: any negative result refuses with 500.
 *
 * Further words, since 1.1:
 *	.scope = SL_SCOPE_…
 *	.release = function	  `static void function(struct sl_conn *conn, type value, const
 *				  struct sl_end *end)`, called once for each value that was
 *				  provided, when its scope ends, the last provided first. `end` says
 *				  how the connection ended, also one that was refused; NULL: it
 *				  goes on (scopes handshake and message). Nothing can be sent any
 *				  more when there is an end.
 */
/* clang-format off */
#define SL_PROVIDER(...) SL_PROVIDER_(__VA_ARGS__, )
#define SL_PROVIDER_(name_, args_, type_, ...) \
	SL_PROVIDER_OF_(name_, args_, type_, SL_TYPE_(type_), 0, NULL, __VA_ARGS__)

/* The same with a `struct tag *` as result, taken by SL_FIELD_STRUCT(member, tag); since 1.1. */
#define SL_PROVIDER_STRUCT(...) SL_PROVIDER_STRUCT_(__VA_ARGS__, )
#define SL_PROVIDER_STRUCT_(name_, args_, tag_, ...) \
	SL_PROVIDER_OF_(name_, args_, struct tag_ *, SL_TYPE_STRUCT, sizeof(struct tag_), #tag_, \
		__VA_ARGS__)

#define SL_PROVIDER_OF_(name_, args_, type_, type_number_, struct_size_, struct_name_, ...)        \
	struct name_##_words_ {                                                                    \
		uint32_t unused, scope;                                                            \
		void (*release)(struct sl_conn *, type_, const struct sl_end *);                   \
	};                                                                                         \
	SL_QUIET_(static const struct name_##_words_ name_##_said_ = {.unused = 0, __VA_ARGS__};)  \
	static int name_##_call_(struct sl_conn *conn, const void *args, void *result)             \
	{                                                                                          \
		return name_(conn, (const struct args_ *)args, (type_ *)result);                   \
	}                                                                                          \
	static void name_##_release_(struct sl_conn *conn, void *result, const struct sl_end *end) \
	{                                                                                          \
		if (name_##_said_.release)                                                         \
			name_##_said_.release(conn, *(type_ *)result, end);                        \
	}                                                                                          \
	SL_QUIET_(static const struct sl_provider name_##_provider = {.name = #name_,              \
		.args = args_##_table, .type = type_number_, .size = sizeof(type_),                \
		.call = name_##_call_, .scope = &name_##_said_.scope,                              \
		.struct_size = struct_size_, .struct_name = struct_name_,                          \
		.release = name_##_release_};)                                                     \
	__attribute__((unused)) static inline int name_##_provide(                                 \
		struct sl_conn *conn, type_ value)                                                 \
	{                                                                                          \
		return sl_host_->provide(conn, &name_##_provider, &value);                         \
	}                                                                                          \
	struct name_##_words_ /* takes the semicolon */
/* clang-format on */

/*
 * SL_PLUGIN(name, args, .callback = function, …): the plugin's one exported symbol. `args` is the
 * tag given to SL_ARGS, or sl_no_args. All members may be left out but one of connect, message and
 * request, or it has bus; in C++ keep this order:
 *
 *	flags		  SL_KEEP_REQUEST
 *	accepts		  SL_TEXT or SL_BINARY: a message of the other type closes with 1003
 *	state_size	  bytes of sl_state
 *	plugin_state_size bytes of sl_plugin_state
 *	options		  tag_table of a struct listed by SL_ARGS, for sl_options
 *	providers	  {&name_provider, …}, at most 16
 *	start		  once per plugin and options; not SL_OK refuses the load or reload
 *	stop		  once, after the last connection of this plugin and options ended
 *	connect		  all arguments are there; SL_OK accepts, SL_LATER decides later
 *	message		  a whole message; a negative result closes with 1011
 *	disconnect	  exactly once for each connect that did not refuse
 *	drained		  what was queued has left; or, after SL_FULL of a route that tells, half of
 *			  the queue is free
 *	layout		  the number of the state's layout; see hand_over. Since 1.1
 *	hand_over	  takes an open connection over from the version of this plugin that a
 *			  reload has replaced. Since 1.1
 *	lost		  messages to a topic that the connection has subscribed to were lost on
 *			  the way from another worker or host; topic: where to, without wildcards,
 *			  empty if that is not known; count: how many of it. After
 *			  sl_subscribe_from: what was missed cannot be known; topic: as it was
 *			  subscribed to; count: 0. Since 1.2
 *	request		  answers plain HTTP; see below. Since 1.2
 *	request_end	  exactly once for each request: it was answered, or the client left;
 *			  before the providers' release. Since 1.2
 *	bus		  makes a bus driver of the plugin: see socklet_bus.h. Since 1.2
 *
 * int request(struct sl_conn *conn, const struct args *args, const struct sl_request *request)
 *
 * What: every request to the route that is no WebSocket handshake, with the arguments that a
 * handshake would have; wrong ones are answered with 422 and the list of what is wrong, as FastAPI
 * does. All providers are called, of any scope, for each request. `conn` stands for the request:
 * sl_header, sl_state, timers, sl_offload, sl_log and so on work, with an id of its own; what is
 * for WebSockets (sl_accept, sl_send, sl_pause) returns SL_INVALID and logs. Answer by sl_respond,
 * sl_respond_json or sl_refuse; in pieces by sl_respond_start. Return SL_OK: done; what was not
 * answered is a 204, and an answer in pieces ends. SL_LATER: the answer, or its rest, follows.
 * Negative: 500, or the answer in pieces breaks off, which a client can tell from its end. When:
 * the body has come whole. Limits: `limits: {body: …}` of the route, beyond it the client gets
 * 413; `limits: {request: …}` for the body to come, then 408, and as long again for the start of
 * the answer, then 503.
 *
 * The `end` of request_end: by SL_BY_PLUGIN, code 1000 and the status: answered, as far as the
 * plugin is concerned; else code 1006, by SL_BY_PEER: the client left before, or by SL_BY_HOST.
 * Nothing can be sent any more.
 *
 * int hand_over(struct sl_conn *conn, const void *old_state, uint32_t old_layout, size_t old_size,
 *	void *state)
 *
 * What: fills `state` from the old version's. SL_OK: the connection is this version's, with the
 * arguments, the id and the queue it had; connect is not called again, the old version's disconnect
 * never. Anything else, as for an old_layout it does not know, leaves it with the old version, and
 * nobody has noticed; it is asked again after the next reload. Owned: both states are the host's.
 * Valid: `old_state`, old_size bytes, until hand_over returns; then it is freed, and the old code
 * may be unloaded: whatever points into it (string literals, functions, the old plugin_state) must
 * be copied or looked up anew. `state` is zeroed, and sl_state from now on. When: between two
 * messages, never while the old version has a timer or an offloaded job of this connection, or a
 * provider's result is waited for. Only if the arguments are listed as before, with equal names,
 * types and places. Limits: sl_offload is for later callbacks, here it fails with SL_INVALID; a
 * timer started here ends if the connection is not taken over. Fails: with any result but SL_OK.
 */
#define SL_PLUGIN(name_, args_, ...)                                                               \
	const struct sl_host *sl_host_;                                                            \
	struct sl_callbacks_ {                                                                     \
		uint32_t flags, accepts;                                                           \
		size_t state_size, plugin_state_size;                                              \
		const struct sl_table *(*options)(void);                                           \
		const struct sl_provider *providers[SL_PROVIDERS_MAX];                             \
		int (*start)(struct sl_plugin *);                                                  \
		void (*stop)(struct sl_plugin *);                                                  \
		int (*connect)(struct sl_conn *, const struct args_ *);                            \
		int (*message)(struct sl_conn *, const struct args_ *, const struct sl_message *); \
		void (*disconnect)(struct sl_conn *, const struct args_ *, const struct sl_end *); \
		void (*drained)(struct sl_conn *, const struct args_ *);                           \
		uint32_t layout;                                                                   \
		int (*hand_over)(struct sl_conn *, const void *old_state, uint32_t old_layout,     \
			size_t old_size, void *state);                                             \
		void (*lost)(struct sl_conn *, const struct args_ *, struct sl_str topic,          \
			uint64_t count);                                                           \
		int (*request)(struct sl_conn *, const struct args_ *, const struct sl_request *); \
		void (*request_end)(                                                               \
			struct sl_conn *, const struct args_ *, const struct sl_end *);            \
		const struct sl_bus *bus;                                                          \
	};                                                                                         \
	SL_QUIET_(static const struct sl_callbacks_ sl_callbacks_ = {__VA_ARGS__};)                \
	static int sl_connect_(struct sl_conn *conn, const void *args)                             \
	{                                                                                          \
		return sl_callbacks_.connect(conn, (const struct args_ *)args);                    \
	}                                                                                          \
	static int sl_message_(                                                                    \
		struct sl_conn *conn, const void *args, const struct sl_message *message)          \
	{                                                                                          \
		return sl_callbacks_.message(conn, (const struct args_ *)args, message);           \
	}                                                                                          \
	static void sl_disconnect_(                                                                \
		struct sl_conn *conn, const void *args, const struct sl_end *end)                  \
	{                                                                                          \
		sl_callbacks_.disconnect(conn, (const struct args_ *)args, end);                   \
	}                                                                                          \
	static void sl_drained_(struct sl_conn *conn, const void *args)                            \
	{                                                                                          \
		sl_callbacks_.drained(conn, (const struct args_ *)args);                           \
	}                                                                                          \
	static void sl_lost_(                                                                      \
		struct sl_conn *conn, const void *args, struct sl_str topic, uint64_t count)       \
	{                                                                                          \
		sl_callbacks_.lost(conn, (const struct args_ *)args, topic, count);                \
	}                                                                                          \
	static int sl_request_(                                                                    \
		struct sl_conn *conn, const void *args, const struct sl_request *request)          \
	{                                                                                          \
		return sl_callbacks_.request(conn, (const struct args_ *)args, request);           \
	}                                                                                          \
	static void sl_request_end_(                                                               \
		struct sl_conn *conn, const void *args, const struct sl_end *end)                  \
	{                                                                                          \
		sl_callbacks_.request_end(conn, (const struct args_ *)args, end);                  \
	}                                                                                          \
	SL_C_ const struct sl_plugin_info *socklet_plugin(void)                                    \
	{                                                                                          \
		static struct sl_plugin_info info;                                                 \
		const struct sl_callbacks_ *own = &sl_callbacks_;                                  \
		info.magic = SL_MAGIC;                                                             \
		info.size = sizeof(info);                                                          \
		info.major = SL_ABI_MAJOR;                                                         \
		info.minor = SL_ABI_MINOR;                                                         \
		info.flags = own->flags;                                                           \
		info.host = &sl_host_;                                                             \
		info.name = #name_;                                                                \
		info.args = args_##_table();                                                       \
		info.options = own->options ? own->options() : NULL;                               \
		info.providers = own->providers;                                                   \
		info.provider_count = 0;                                                           \
		while (info.provider_count < SL_PROVIDERS_MAX &&                                   \
			own->providers[info.provider_count])                                       \
			info.provider_count++;                                                     \
		info.accepts = own->accepts;                                                       \
		info.state_size = own->state_size;                                                 \
		info.plugin_state_size = own->plugin_state_size;                                   \
		info.start = own->start;                                                           \
		info.stop = own->stop;                                                             \
		info.connect = own->connect ? sl_connect_ : NULL;                                  \
		info.message = own->message ? sl_message_ : NULL;                                  \
		info.disconnect = own->disconnect ? sl_disconnect_ : NULL;                         \
		info.drained = own->drained ? sl_drained_ : NULL;                                  \
		info.layout = own->layout;                                                         \
		info.hand_over = own->hand_over;                                                   \
		info.lost = own->lost ? sl_lost_ : NULL;                                           \
		info.request = own->request ? sl_request_ : NULL;                                  \
		info.request_end = own->request_end ? sl_request_end_ : NULL;                      \
		info.bus = own->bus;                                                               \
		return &info;                                                                      \
	}                                                                                          \
	struct sl_callbacks_ /* takes the semicolon */

/*
 * History
 * 1.0	the first.
 * 1.1	lists, enums, structs by pointer as members; providers: release, scopes, answers that come
 *	later, sl_reject, sl_security_scope; struct sl_end.status; hand_over.
 * 1.2	service: what comes with plain HTTP requests, back pressure, limits, metrics; topics;
 *	sl_scheme; presence.
 */
#endif
