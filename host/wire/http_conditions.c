/*
 * The order of the checks is that of RFC 9110 section 13.2.2. A date that cannot be read is as if
 * it were not there, as the same RFC wants. Called by call/static_file.c.
 * SPDX-License-Identifier: MIT
 */
#include "wire/http_conditions.h"

#include <stdio.h>
#include <string.h>

/* ---- dates ---------------------------------------------------------------------------------- */

static bool month_of(const char *name, int *month)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (*month = 0; *month < 12; (*month)++)
		if (strncmp(names + 3 * *month, name, 3) == 0)
			return true;
	return false;
}

/* Two digits of a year are of the century that makes it at most 50 years from now. */
static int full_year(int year)
{
	time_t now = time(NULL);
	struct tm today;

	gmtime_r(&now, &today);
	year += (today.tm_year + 1900) / 100 * 100;
	return year > today.tm_year + 1900 + 50 ? year - 100 : year;
}

/* A field that sscanf reads from at most so many digits cannot overflow. */
static bool scan(const char *text, size_t len, struct tm *tm, char month[4])
{
	int end = -1;

	sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &tm->tm_mday, month,
		&tm->tm_year, &tm->tm_hour, &tm->tm_min, &tm->tm_sec, &end);
	if (end == (int)len)
		return true;
	sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &tm->tm_mday, month,
		&tm->tm_year, &tm->tm_hour, &tm->tm_min, &tm->tm_sec, &end);
	if (end == (int)len) {
		tm->tm_year = full_year(tm->tm_year);
		return true;
	}
	sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month, &tm->tm_mday,
		&tm->tm_hour, &tm->tm_min, &tm->tm_sec, &tm->tm_year, &end);
	return end == (int)len;
}

bool http_conditions_parse_date(struct span text, time_t *out)
{
	struct tm tm = {0};
	char copy[40] = "", month[4] = "";

	if (text.len == 0 || text.len >= sizeof(copy))
		return false;
	memcpy(copy, text.ptr, text.len);
	if (!scan(copy, text.len, &tm, month) || !month_of(month, &tm.tm_mon) || tm.tm_mday < 1 ||
		tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
		tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60 || tm.tm_year < 1601)
		return false;
	tm.tm_year -= 1900;
	*out = timegm(&tm);
	return true;
}

/* False: there is none that can be read, or several. */
static bool date_of(const struct http_head *head, struct span name, time_t *out)
{
	return http_header_get(head, name, 1).ptr == NULL &&
	       http_conditions_parse_date(http_header_get(head, name, 0), out);
}

/* ---- entity tags ---------------------------------------------------------------------------- */

static bool has(const struct http_head *head, struct span name)
{
	return http_header_get(head, name, 0).ptr != NULL;
}

static bool is_weak(struct span etag)
{
	return span_starts(etag, SPAN("W/"));
}

static struct span opaque(struct span etag)
{
	return is_weak(etag) ? span_from(etag, 2) : etag;
}

/* Section 8.8.3.2: compared strongly, a weak one equals nothing. */
static bool equals(struct span a, struct span b, bool strongly)
{
	return !(strongly && (is_weak(a) || is_weak(b))) && span_equal(opaque(a), opaque(b));
}

/* Ours have no comma, so a list may be cut at each. */
static bool is_listed(
	const struct http_head *head, struct span name, struct span etag, bool strongly)
{
	struct span list, item;

	for (size_t n = 0; (list = http_header_get(head, name, n)).ptr != NULL; n++)
		while (list.ptr != NULL) {
			item = span_trim(span_cut(&list, ','));
			if (span_equal(item, SPAN("*")) || equals(item, etag, strongly))
				return true;
		}
	return false;
}

enum http_condition http_conditions_check(
	const struct http_head *head, const struct http_validators *now)
{
	time_t date;

	if (has(head, SPAN("if-match"))) {
		if (!is_listed(head, SPAN("if-match"), now->etag, true))
			return HTTP_CONDITION_FAILS;
	} else if (date_of(head, SPAN("if-unmodified-since"), &date) && now->modified > date) {
		return HTTP_CONDITION_FAILS;
	}
	if (has(head, SPAN("if-none-match")))
		return is_listed(head, SPAN("if-none-match"), now->etag, false)
			       ? HTTP_CONDITION_NOT_MODIFIED
			       : HTTP_CONDITION_HOLDS;
	if (date_of(head, SPAN("if-modified-since"), &date) && now->modified <= date)
		return HTTP_CONDITION_NOT_MODIFIED;
	return HTTP_CONDITION_HOLDS;
}

bool http_conditions_may_range(const struct http_head *head, const struct http_validators *now)
{
	struct span value = http_header_get(head, SPAN("if-range"), 0);
	time_t date;

	if (value.ptr == NULL)
		return true;
	if (http_header_get(head, SPAN("if-range"), 1).ptr != NULL)
		return false;
	if (span_find(value, '"') < value.len)
		return equals(value, now->etag, true);
	/* A date is as good as the tag: what changes within its second has a weak one. */
	return !is_weak(now->etag) && http_conditions_parse_date(value, &date) &&
	       date == now->modified;
}
