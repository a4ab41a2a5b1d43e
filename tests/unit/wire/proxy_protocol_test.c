/*
 * A PROXY header names the client whether it comes whole or byte by byte, and whatever is none is
 * refused as soon as that is sure. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/proxy_protocol.h"

static const char *describe(char out[300], enum wire result, const struct proxy_header *header,
	struct span input, const struct err *why)
{
	if (result == WIRE_MORE)
		return "more";
	if (result == WIRE_BAD)
		snprintf(out, 300, "bad %s", why->text);
	else
		snprintf(out, 300, "done %s rest %zu",
			header->source[0] == '\0' ? "-" : header->source,
			input.len - header->length);
	return out;
}

/* The result of the first prefix that has one; of all bytes, as at once, it must be the same. */
static void by_the_byte(struct table *table, const char *shown, struct span input)
{
	char once[300], slowly[300];
	struct proxy_header header;
	struct err why = {0};
	enum wire result = proxy_protocol_decode(&header, input, &why);
	const char *wanted = describe(once, result, &header, input, &why);

	result = WIRE_MORE;
	for (size_t len = 0; len <= input.len && result == WIRE_MORE; len++) {
		char *copy = malloc(len + 1); /* so that a read behind the end is seen */

		memcpy(copy, input.ptr, len);
		result = proxy_protocol_decode(&header, (struct span){copy, len}, &why);
		free(copy);
	}
	table_expect(table, shown, describe(slowly, result, &header, input, &why), wanted);
}

static void headers_name_the_client(void **state)
{
	static struct table table;
	char *columns[2], shown[2000], found[300];

	(void)state;
	table_open(&table, "proxy_protocol.txt");
	while (table_next(&table, columns, 2)) {
		struct proxy_header header;
		struct err why = {0};
		struct span input;
		enum wire result;

		snprintf(shown, sizeof(shown), "%s", columns[0]);
		input = table_unescape(columns[0]);
		result = proxy_protocol_decode(&header, input, &why);
		table_expect(
			&table, shown, describe(found, result, &header, input, &why), columns[1]);
		by_the_byte(&table, shown, input);
	}
	table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_name_the_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
