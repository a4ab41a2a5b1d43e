/*
 * One pass over the levels, the same for names and filters but for the wildcards. Called by the
 * topics of call/ and by drivers that translate filters. SPDX-License-Identifier: MIT
 */
#include "topic/topic_name.h"

#include "base/utf8.h"

static bool fail(struct err *why, struct span text, const char *what)
{
	err_set(why, ERR_BAD_REQUEST, "topic \"%.*s\": %s", text.len > 80 ? 80 : (int)text.len,
		text.ptr == NULL ? "" : text.ptr, what);
	return false;
}

static bool has_control(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return true;
	return false;
}

static bool check_text(struct span text, struct err *why)
{
	if (text.len == 0 || text.ptr == NULL)
		return fail(why, text, "found no text, wanted levels such as \"chat/lobby\"");
	if (text.len > TOPIC_NAME_MAX)
		return fail(why, text, "longer than 255 bytes, the most there may be");
	if (has_control(text))
		return fail(why, text, "holds a control character; leave it out");
	if (!utf8_valid(text))
		return fail(why, text, "not UTF-8, which topics are spelled in");
	return true;
}

static bool is_wildcard(struct span level)
{
	return level.len == 1 && (level.ptr[0] == '+' || level.ptr[0] == '#');
}

static bool check_level(
	struct span level, bool is_last, bool is_filter, struct span all, struct err *why)
{
	if (level.len == 0)
		return fail(why, all, "holds an empty level; put text between all of its '/'");
	if (span_find(level, '+') == level.len && span_find(level, '#') == level.len)
		return true;
	if (!is_filter)
		return fail(why, all,
			"holds '+' or '#', which only subscriptions may; publish to one topic");
	if (!is_wildcard(level))
		return fail(why, all, "'+' or '#' beside other text; it stands for a whole level");
	if (level.ptr[0] == '#' && !is_last)
		return fail(why, all, "'#' before another level; it stands for all the rest");
	return true;
}

static bool check(struct span text, bool is_filter, struct err *why)
{
	struct span rest = text;
	unsigned levels = 0;
	bool is_last = false;

	if (!check_text(text, why))
		return false;
	while (!is_last) {
		size_t len = span_find(rest, '/');

		is_last = len == rest.len;
		if (!check_level((struct span){rest.ptr, len}, is_last, is_filter, text, why))
			return false;
		if (++levels > TOPIC_LEVELS_MAX)
			return fail(why, text, "more than 10 levels, the most there may be");
		rest = span_from(rest, is_last ? len : len + 1);
	}
	return true;
}

bool topic_name_check(struct span name, struct err *why)
{
	return check(name, false, why);
}

bool topic_filter_check(struct span filter, struct err *why)
{
	return check(filter, true, why);
}

bool topic_filter_is_wild(struct span filter)
{
	return span_find(filter, '+') < filter.len || span_find(filter, '#') < filter.len;
}

bool topic_name_is_reserved(struct span name)
{
	return name.len > 0 && name.ptr[0] == '$';
}

bool topic_name_is_hidden(struct span name)
{
	return span_equal(span_cut(&name, '/'), SPAN("$socklet"));
}

bool topic_name_is_of_host(struct span name)
{
	return topic_name_is_hidden(name) || span_equal(span_cut(&name, '/'), SPAN("$presence"));
}

bool topic_filter_matches(struct span filter, struct span name)
{
	if (topic_name_is_reserved(name) && filter.len > 0 && filter.ptr[0] != '$')
		return false;
	while (filter.len > 0) {
		struct span wanted = span_cut(&filter, '/'), level;

		if (span_equal(wanted, SPAN("#")))
			return true;
		if (name.len == 0)
			return false;
		level = span_cut(&name, '/');
		if (!span_equal(wanted, SPAN("+")) && !span_equal(wanted, level))
			return false;
	}
	return name.len == 0;
}

/* "a/#" matches "a", too, which "a/+/#" does not. */
bool topic_filter_covers(struct span rule, struct span filter)
{
	if (filter.ptr[filter.len - 1] != '#')
		return topic_filter_matches(rule, filter);
	if (rule.ptr[rule.len - 1] != '#')
		return false;
	return rule.len == 1 ||
	       (filter.len > 1 &&
		       topic_filter_matches(rule, (struct span){filter.ptr, filter.len - 2}));
}
