/*
 * What a client offers in Sec-WebSocket-Extensions gets the answer of the table, whatever stands
 * around it. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "wire/ws_deflate.h"

static unsigned long number_behind(const char *settings, const char *name, unsigned long otherwise)
{
	const char *found = strstr(settings, name);

	return found == NULL ? otherwise : strtoul(found + strlen(name), NULL, 10);
}

static struct ws_compression read_settings(const char *settings)
{
	return (struct ws_compression){
		.is_enabled = strcmp(settings, "off") != 0,
		.server_context = strstr(settings, "-server") == NULL,
		.client_context = strstr(settings, "-client") == NULL,
		.server_bits = (uint8_t)number_behind(settings, "server=", 15),
		.client_bits = (uint8_t)number_behind(settings, "client=", 15),
		.memory_bytes = number_behind(settings, "memory=", 1 << 20),
	};
}

/* Lines between two of another name, that of every second one in another case. */
static void read_lines(char *text, struct http_head *head)
{
	static const struct http_header other = {{"X-Other", 7}, {"permessage-deflate; ;", 21}};

	memset(head, 0, sizeof(*head));
	head->headers[head->header_count++] = other;
	for (char *line = text, *end; line != NULL; line = end == NULL ? NULL : end + 4) {
		struct http_header *header = &head->headers[head->header_count++];

		end = strstr(line, " || ");
		if (end != NULL)
			*end = '\0';
		header->name = head->header_count % 2 == 0 ? SPAN("Sec-WebSocket-Extensions")
							   : SPAN("sec-websocket-EXTENSIONS");
		header->value = span_trim(table_unescape(line));
	}
	head->headers[head->header_count++] = other;
}

static void answer(const struct http_head *head, const struct ws_compression *allowed,
	struct ws_compression *agreed, struct buf *out)
{
	struct err why;

	if (!ws_extension_check(head, &why)) {
		assert_int_equal(err_http_status(why.code), 400);
		assert_non_null(strstr(why.text, "invalid Sec-WebSocket-Extensions header: \""));
		buf_printf(out, "400");
	} else if (!ws_extension_negotiate(head, allowed, agreed, out)) {
		buf_printf(out, "none");
	}
	buf_append(out, "", 1);
}

/* What is agreed on is what the answer says: the two must not drift apart. */
static void check_agreed(const struct ws_compression *agreed, const char *said)
{
	const char *client = strstr(said, "client_max_window_bits=");

	assert_int_equal(
		agreed->server_context, strstr(said, "server_no_context_takeover") == NULL);
	assert_int_equal(
		agreed->client_context, strstr(said, "client_no_context_takeover") == NULL);
	assert_int_equal(agreed->server_bits, number_behind(said, "server_max_window_bits=", 15));
	assert_int_equal(agreed->client_bits,
		client == NULL ? 15 : number_behind(said, "client_max_window_bits=", 15));
	assert_true(ws_deflate_memory(agreed) <= agreed->memory_bytes);
}

static void every_row(void **state)
{
	static struct table table;
	static struct http_head head;
	char *columns[4];

	(void)state;
	table_open(&table, "ws_extension.txt");
	while (table_next(&table, columns, 4)) {
		struct ws_compression allowed = read_settings(columns[1]), agreed = {0};
		struct buf wanted = {0}, found = {0};

		if (columns[3][0] == '=')
			buf_printf(&wanted, "permessage-deflate%s", columns[3] + 1);
		else
			buf_printf(&wanted, "%s", columns[3]);
		read_lines(columns[2], &head);
		answer(&head, &allowed, &agreed, &found);
		table_expect(&table, columns[0], found.data, wanted.data);
		if (found.data[0] == 'p')
			check_agreed(&agreed, found.data);
		buf_fini(&wanted);
		buf_fini(&found);
	}
	table_close(&table);
}

static void without_the_header_nothing_is_agreed(void **state)
{
	static struct http_head head;
	struct ws_compression allowed = read_settings("-"), agreed;
	struct buf found = {0};
	struct err why;

	(void)state;
	assert_true(ws_extension_check(&head, &why));
	assert_false(ws_extension_negotiate(&head, &allowed, &agreed, &found));
	assert_int_equal(found.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row),
		cmocka_unit_test(without_the_header_nothing_is_agreed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
