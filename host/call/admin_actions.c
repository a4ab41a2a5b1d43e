/*
 * What other programs can ask for, as a table, and what each row does. A question that concerns
 * all workers is JSON, and every worker answers it for its own connections. Called by admin.c.
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "call/detail.h"
#include "call/host_state.h"
#include "call/topics.h"

/* ---- health, status, metrics ------------------------------------------------------------ */

static void begin_health(struct admin_request *request)
{
	admin_reply_json(request, 200, json_pack("{s:s}", "status", "ok"));
}

static void begin_status(struct admin_request *request)
{
	admin_ask_master(request, ADMIN_STATUS_JSON, SPAN(""));
}

static void begin_metrics(struct admin_request *request)
{
	admin_ask_master(request, ADMIN_STATUS_METRICS, SPAN(""));
}

static void take_text(struct admin_request *request, struct span answer)
{
	buf_append_span(&request->answer, answer);
}

static void finish_text(struct admin_request *request, const char *content_type)
{
	if (request->answered == 0)
		admin_refuse(request, 503, "the master did not answer in time");
	else
		admin_reply_text(request, content_type, buf_span(&request->answer));
}

static void finish_status(struct admin_request *request)
{
	finish_text(request, "application/json");
}

static void finish_metrics(struct admin_request *request)
{
	finish_text(request, "text/plain; version=0.0.4; charset=utf-8");
}

/* ---- publish ---------------------------------------------------------------------------- */

static struct span key_of(const struct admin_request *request)
{
	return (struct span){(const char *)request->params.key, ADMIN_KEY_BYTES};
}

static void reply_published(struct admin_request *request, bool is_duplicate)
{
	admin_reply_json(request, 200,
		json_pack("{s:i, s:b}", "topics", (int)request->params.topic_count, "duplicate",
			is_duplicate));
}

/* What has gone out cannot be called back: a key is given back only when nothing has. */
static void publish(struct admin_request *request)
{
	const struct admin_params *params = &request->params;
	size_t done = 0;
	char text[120];

	while (done < params->topic_count &&
		topics_host_publish(request->host, "admin", params->topics[done], params->type,
			buf_span(&request->body)))
		done++;
	if (params->has_key && done > 0)
		admin_tell_master(request, ADMIN_KEY_DONE, key_of(request));
	if (done == params->topic_count) {
		reply_published(request, false);
		return;
	}
	snprintf(text, sizeof(text), "published to %zu of %zu topics: too many messages wait", done,
		params->topic_count);
	admin_refuse(request, 503, text);
}

static void claim(struct admin_request *request)
{
	struct buf body = {0};

	buf_printf(&body, "%" PRIu64 "\n", request->host->generation->config.admin.remember_ms);
	buf_append_span(&body, key_of(request));
	request->is_claiming = true;
	admin_ask_master(request, ADMIN_KEY_CLAIM, buf_span(&body));
	buf_fini(&body);
}

static bool is_of_host(const struct admin_params *params)
{
	for (size_t i = 0; i < params->topic_count; i++)
		if (topic_name_is_of_host(span_of(params->topics[i])))
			return true;
	return false;
}

static void begin_publish(struct admin_request *request)
{
	struct admin_params *params = &request->params;

	if (params->topic_count == 0)
		admin_refuse(request, 422, "topic is missing: name at least one");
	else if (is_of_host(params))
		admin_refuse(request, 422,
			"topic: what begins with $presence or $socklet is the "
			"host's own; publish to another");
	else if (params->type == WS_TEXT && !utf8_valid(buf_span(&request->body)))
		admin_refuse(request, 422, "the message is no UTF-8: publish it with type=binary");
	else if (params->has_key)
		claim(request);
	else
		publish(request);
}

static void finish_publish(struct admin_request *request)
{
	struct span answer = buf_span(&request->answer);

	request->is_claiming = request->answered == 0 || span_equal(answer, SPAN("new"));
	if (request->answered == 0)
		admin_refuse(request, 503, "the master did not answer in time");
	else if (span_equal(answer, SPAN("done")))
		reply_published(request, true);
	else if (span_equal(answer, SPAN("busy")))
		admin_refuse(request, 409, "a request with that Idempotency-Key is being served");
	else
		publish(request);
}

/* ---- what concerns all workers ---------------------------------------------------------- */

static bool has_one_topic(const struct admin_request *request)
{
	return request->params.topic_count == 1;
}

/* How many others could have answered, and how many have. */
static json_t *workers_json(const struct admin_request *request)
{
	unsigned asked = request->asked == UINT32_MAX ? request->answered : request->asked;

	return json_pack("{s:I, s:I}", "asked", (json_int_t)asked + 1, "answered",
		(json_int_t)request->answered + 1);
}

static void take_count(struct admin_request *request, struct span answer)
{
	json_t *all = json_loadb(answer.ptr, answer.len, 0, NULL);
	json_t *rows = json_object_get(all, "rows");

	request->count += (uint64_t)json_integer_value(json_object_get(all, "count"));
	if (rows != NULL && request->rows == NULL)
		request->rows = json_array();
	if (rows != NULL)
		json_array_extend(request->rows, rows);
	json_decref(all);
}

static void ask_of_topic(struct admin_request *request, const char *what)
{
	if (!has_one_topic(request))
		admin_refuse(request, 422, "wanted exactly one topic");
	else
		admin_ask_all(request,
			json_pack("{s:s, s:s}", "ask", what, "topic", request->params.topics[0]));
}

static void begin_subscribers(struct admin_request *request)
{
	ask_of_topic(request, "count");
}

static void finish_subscribers(struct admin_request *request)
{
	admin_reply_json(request, 200,
		json_pack("{s:s, s:I, s:o}", "topic", request->params.topics[0], "subscribers",
			(json_int_t)request->count, "workers", workers_json(request)));
}

static void begin_members(struct admin_request *request)
{
	ask_of_topic(request, "members");
}

static void finish_members(struct admin_request *request)
{
	admin_reply_json(request, 200,
		json_pack("{s:s, s:I, s:O, s:o}", "topic", request->params.topics[0], "count",
			(json_int_t)request->count, "members", request->rows, "workers",
			workers_json(request)));
}

static void begin_present(struct admin_request *request)
{
	if (!has_one_topic(request))
		admin_refuse(request, 422, "wanted exactly one topic");
	else
		admin_ask_master(request, ADMIN_PRESENT, span_of(request->params.topics[0]));
}

static void begin_disconnect(struct admin_request *request)
{
	const struct admin_params *params = &request->params;
	json_t *question;

	if ((params->id != 0) + (params->topic_count > 0) != 1 || params->topic_count > 1) {
		admin_refuse(request, 422, "wanted either id or one topic");
		return;
	}
	question = json_pack("{s:s, s:i, s:s}", "ask", "disconnect", "code",
		params->code == 0 ? 1000 : (int)params->code, "reason",
		params->reason == NULL ? "" : params->reason);
	if (params->id != 0)
		json_object_set_new(question, "id", json_integer((json_int_t)params->id));
	else
		json_object_set_new(question, "topic", json_string(params->topics[0]));
	admin_ask_all(request, question);
}

static void finish_disconnect(struct admin_request *request)
{
	const struct admin_params *params = &request->params;

	log_info("%s: admin: disconnected %" PRIu64 " (%s)", transport_peer(request->transport),
		request->count, params->id != 0 ? "by id" : params->topics[0]);
	if (params->id != 0 && request->count == 0 && request->answered == request->asked)
		admin_refuse(request, 404, "there is no connection with that id");
	else
		admin_reply_json(request, 200,
			json_pack("{s:I, s:o}", "disconnected", (json_int_t)request->count,
				"workers", workers_json(request)));
}

/* ---- the table -------------------------------------------------------------------------- */

static const struct admin_action actions[] = {
	{"GET", "/health", "", true, false, begin_health, NULL, NULL},
	{"GET", "/status", "", false, false, begin_status, take_text, finish_status},
	{"GET", "/metrics", "", false, false, begin_metrics, take_text, finish_metrics},
	{"POST", "/publish", "topic type ", false, true, begin_publish, take_text, finish_publish},
	{"GET", "/subscribers", "topic ", false, false, begin_subscribers, take_count,
		finish_subscribers},
	{"GET", "/members", "topic ", false, false, begin_members, take_count, finish_members},
	{"GET", "/present", "topic ", false, false, begin_present, take_text, finish_status},
	{"POST", "/disconnect", "id topic code reason ", false, false, begin_disconnect, take_count,
		finish_disconnect},
};

const struct admin_action *admin_action_find(
	struct span method, struct span path, const char **allowed)
{
	*allowed = NULL;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		bool is_get = strcmp(actions[i].method, "GET") == 0;

		if (!span_equal(path, span_of(actions[i].path)))
			continue;
		if (span_equal(method, span_of(actions[i].method)) ||
			(is_get && span_equal(method, SPAN("HEAD"))))
			return &actions[i];
		*allowed = is_get ? "GET, HEAD" : actions[i].method;
	}
	return NULL;
}
