/*
 * Reads one pattern and says in words what is wrong with it: whoever checks a configuration shows
 * these texts. Knows no other pattern: which of two is tried first is route_map's affair. Called
 * at load; only segment_fits also for each request. SPDX-License-Identifier: MIT
 */
#include "route/pattern.h"

#include <string.h>

#define REFUSE(why, ...) (err_set(why, ERR_BAD_REQUEST, __VA_ARGS__), false)

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_name(struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

		if (!letter && !(i > 0 && is_digit(c)))
			return false;
	}
	return s.len > 0;
}

/* From SEGMENT_INT on. */
static const char *const converter_names[] = {"int", "float", "uuid", "str", "path", NULL};

static bool find_converter(struct span name, enum segment_kind *out, struct err *why)
{
	char found[32] = "";
	const char *near;

	for (int i = 0; converter_names[i] != NULL; i++) {
		if (span_equal(name, span_of(converter_names[i]))) {
			*out = (enum segment_kind)(SEGMENT_INT + i);
			return true;
		}
	}
	if (name.len < sizeof(found))
		memcpy(found, name.ptr, name.len);
	near = err_nearest(found, converter_names);
	if (near != NULL)
		return REFUSE(why, "unknown converter \"%s\": did you mean \"%s\"?", found, near);
	return REFUSE(why, "unknown converter \"%.*s\", wanted str, int, float, uuid or path",
		SPAN_ARG(name));
}

/* The inside of "{name:converter}". */
static bool parse_param(struct span inside, struct segment *out, struct err *why)
{
	struct span rest = inside, name = span_cut(&rest, ':');

	out->kind = SEGMENT_STR;
	out->text = name;
	if (!is_name(name))
		return REFUSE(why,
			"found \"{%.*s}\", wanted a name of letters, digits and '_' in the braces",
			SPAN_ARG(inside));
	return rest.ptr == NULL || find_converter(rest, &out->kind, why);
}

static bool parse_segment(struct span text, struct segment *out, struct err *why)
{
	size_t open = span_find(text, '{'), close = span_find(text, '}');

	if (open == text.len && close == text.len) {
		*out = (struct segment){SEGMENT_STATIC, text};
		return true;
	}
	if (open == text.len || close == text.len || close < open)
		return REFUSE(
			why, "unbalanced brace in \"%.*s\", wanted \"{name}\"", SPAN_ARG(text));
	if (open != 0 || close + 1 != text.len)
		return REFUSE(why,
			"found \"%.*s\", but a parameter is all that stands between two slashes: "
			"take \"{name}\" and cut the value in the plugin",
			SPAN_ARG(text));
	return parse_param((struct span){text.ptr + 1, text.len - 2}, out, why);
}

/* What no decoded path of a request can be meant to hold. */
static bool check_characters(struct span text, struct err *why)
{
	for (size_t i = 0; i < text.len; i++) {
		struct span rest = span_from(text, i);
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == '?' || c == '#')
			return REFUSE(why,
				"found '%c', but a path has no query: take it away, and inject "
				"the parameters with \"query\"",
				c);
		if (c == '%' && rest.len > 2 && is_hex(rest.ptr[1]) && is_hex(rest.ptr[2]))
			return REFUSE(why,
				"found \"%.3s\", but paths are compared after decoding: write the "
				"character itself",
				rest.ptr);
		if (c < 0x20 || c == 0x7f)
			return REFUSE(why, "found a control character (0x%02x): take it away", c);
	}
	return true;
}

static bool add_param(struct pattern *pattern, const struct segment *segment, struct arena *arena,
	struct err *why)
{
	struct span name = segment->text;

	for (size_t i = 0; i < pattern->param_count; i++)
		if (span_equal(name, span_of(pattern->params[i])))
			return REFUSE(why,
				"the parameter \"%.*s\" is there twice: rename one of them",
				SPAN_ARG(name));
	if (pattern->param_count == PATTERN_PARAMS_MAX)
		return REFUSE(why, "more than %d parameters: take some from the query",
			PATTERN_PARAMS_MAX);
	pattern->converters[pattern->param_count] = converter_names[segment->kind - SEGMENT_INT];
	pattern->params[pattern->param_count++] = arena_text(arena, name.ptr, name.len);
	return true;
}

static size_t count_slashes(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '/';
	return count;
}

bool pattern_parse(struct pattern *out, const char *text, struct arena *arena, struct err *why)
{
	struct span rest = arena_span(arena, span_of(text));
	size_t count = count_slashes(rest);

	memset(out, 0, sizeof(*out));
	out->text = rest.ptr;
	if (!check_characters(rest, why))
		return false;
	if (rest.len == 0 || rest.ptr[0] != '/')
		return REFUSE(why, "found \"%s\", wanted a path: write a '/' at its start", text);
	if (count > PATTERN_SEGMENTS_MAX)
		return REFUSE(why, "more than %d slashes", PATTERN_SEGMENTS_MAX);
	out->segments = arena_alloc(arena, count * sizeof(*out->segments));
	rest = span_from(rest, 1);
	while (rest.ptr != NULL) {
		struct segment *segment = &out->segments[out->segment_count++];

		if (!parse_segment(span_cut(&rest, '/'), segment, why))
			return false;
		if (segment->kind == SEGMENT_STATIC)
			continue;
		if (segment->kind == SEGMENT_PATH && rest.ptr != NULL)
			return REFUSE(why, "\"{%.*s:path}\" takes all the rest: put it at the end",
				SPAN_ARG(segment->text));
		if (!add_param(out, segment, arena, why))
			return false;
	}
	return true;
}

static size_t count_digits(struct span s)
{
	size_t i = 0;

	while (i < s.len && is_digit(s.ptr[i]))
		i++;
	return i;
}

static bool is_float(struct span s)
{
	size_t whole = count_digits(s);
	struct span after = span_from(s, whole + 1);

	if (whole == 0 || whole == s.len)
		return whole > 0;
	return s.ptr[whole] == '.' && after.len > 0 && count_digits(after) == after.len;
}

static bool is_uuid(struct span s)
{
	static const unsigned char group_lengths[] = {8, 4, 4, 4, 12};

	for (size_t group = 0; group < sizeof(group_lengths); group++) {
		if (group > 0 && s.len > 0 && s.ptr[0] == '-')
			s = span_from(s, 1);
		for (size_t i = 0; i < group_lengths[group]; i++)
			if (i >= s.len || !is_hex(s.ptr[i]))
				return false;
		s = span_from(s, group_lengths[group]);
	}
	return s.len == 0;
}

bool segment_fits(enum segment_kind kind, struct span segment)
{
	switch (kind) {
	case SEGMENT_INT:
		return segment.len > 0 && count_digits(segment) == segment.len;
	case SEGMENT_FLOAT:
		return is_float(segment);
	case SEGMENT_UUID:
		return is_uuid(segment);
	case SEGMENT_STR:
		return segment.len > 0;
	case SEGMENT_STATIC:
	case SEGMENT_PATH:
		break;
	}
	return kind == SEGMENT_PATH;
}
