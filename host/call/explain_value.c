/*
 * One row a type. Knows what the members of socklet.h look like, and nothing of where they come
 * from; called by explain_report.c. SPDX-License-Identifier: MIT
 */
#include "call/explain_value.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <socklet.h>

#include "call/detail.h"

/* What a provider left untouched is NULL; plugins get it as "". */
static json_t *text_json(const void *where)
{
	const char *text = *(const char *const *)where;

	return detail_text(span_of(text == NULL ? "" : text));
}

static json_t *str_json(const void *where)
{
	const struct sl_str *str = where;

	return detail_text((struct span){str->ptr, str->len});
}

static json_t *int_json(const void *where)
{
	return json_integer(*(const int64_t *)where);
}

/* JSON has no such numbers. */
static json_t *double_json(const void *where)
{
	double number = *(const double *)where;

	if (isnan(number))
		return json_string("nan");
	if (isinf(number))
		return json_string(number < 0 ? "-inf" : "inf");
	return json_real(number);
}

static json_t *bool_json(const void *where)
{
	return json_boolean(*(const bool *)where);
}

/* An optional member begins with its value, so one row does for both. */
static const struct row {
	uint32_t type;
	bool is_quoted; /* a text whose ends nobody would see otherwise */
	json_t *(*json)(const void *where);
} rows[] = {
	{SL_TYPE_TEXT, true, text_json},
	{SL_TYPE_STR, true, str_json},
	{SL_TYPE_INT, false, int_json},
	{SL_TYPE_DOUBLE, false, double_json},
	{SL_TYPE_BOOL, false, bool_json},
};

static const struct row *row_of(uint32_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == (type & ~(uint32_t)SL_TYPE_OPTIONAL))
			return &rows[i];
	return NULL;
}

json_t *explain_value_json(uint32_t type, const void *where)
{
	const struct row *row = row_of(type);

	return row == NULL ? NULL : row->json(where);
}

/* As few digits as give the same number again. */
static void put_real(struct buf *out, double number)
{
	char text[32];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (!(strtod(text, NULL) < number) && !(strtod(text, NULL) > number))
			break;
	}
	buf_printf(out, "%s", text);
}

void explain_value_text(struct buf *out, uint32_t type, const void *where)
{
	const struct row *row = row_of(type);
	json_t *value = row == NULL ? NULL : row->json(where);
	char *text;

	if (value == NULL) {
		buf_printf(out, "a value of type %u", (unsigned)type);
	} else if (json_is_real(value)) {
		put_real(out, json_real_value(value));
	} else if (json_is_string(value) && !row->is_quoted) {
		buf_printf(out, "%s", json_string_value(value));
	} else {
		text = json_dumps(value, JSON_ENCODE_ANY);
		buf_printf(out, "%s", text);
		free(text);
	}
	json_decref(value);
}
