/*
 * What one end of a channel sends, the other receives: whole, in order, with its descriptor, in
 * whatever pieces it travels; and nothing that is no message. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "daemon/channel.h"

struct ends {
	struct channel ours, theirs;
};

static int open_ends(void **state)
{
	struct ends *ends = xcalloc(1, sizeof(*ends));
	int fds[2];
	struct err why;

	assert_true(channel_pair(fds, &why));
	channel_init(&ends->ours, fds[0]);
	channel_init(&ends->theirs, fds[1]);
	*state = ends;
	return 0;
}

static int close_ends(void **state)
{
	struct ends *ends = *state;

	channel_fini(&ends->ours);
	channel_fini(&ends->theirs);
	free(ends);
	return 0;
}

static void expect(struct channel *channel, unsigned kind, const char *body)
{
	struct message message;

	assert_int_equal(channel_receive(channel, &message), CHANNEL_MESSAGE);
	assert_int_equal(message.kind, kind);
	assert_int_equal(message.body.len, strlen(body));
	assert_memory_equal(message.body.ptr, body, strlen(body));
	assert_int_equal(message.fd, -1);
}

static void messages_arrive_in_order(void **state)
{
	struct ends *ends = *state;
	struct message message;

	assert_int_equal(channel_receive(&ends->theirs, &message), CHANNEL_EMPTY);
	channel_send(&ends->ours, 1, SPAN("one"), -1);
	channel_send(&ends->ours, 2, SPAN(""), -1);
	channel_send(&ends->ours, 3, SPAN("three"), -1);
	channel_send(&ends->theirs, 4, SPAN("back"), -1);
	expect(&ends->theirs, 1, "one");
	expect(&ends->theirs, 2, "");
	expect(&ends->theirs, 3, "three");
	expect(&ends->ours, 4, "back");
	assert_int_equal(channel_receive(&ends->theirs, &message), CHANNEL_EMPTY);
}

/* More than a socket takes at once: both ends take turns, as their loops would. */
static void long_messages_come_in_pieces(void **state)
{
	enum { LEN = 3 * 1024 * 1024 };
	struct ends *ends = *state;
	char *text = xmalloc(LEN);
	struct message message;
	unsigned pieces = 0;

	for (size_t i = 0; i < LEN; i++)
		text[i] = (char)(i * 7 + i / 1000);
	channel_send(&ends->ours, 9, (struct span){text, LEN}, -1);
	channel_send(&ends->ours, 10, SPAN("behind"), -1);
	assert_true(channel_is_full(&ends->ours));
	while (channel_receive(&ends->theirs, &message) == CHANNEL_EMPTY) {
		channel_flush(&ends->ours);
		pieces++;
	}
	assert_true(pieces > 1);
	assert_int_equal(message.kind, 9);
	assert_int_equal(message.body.len, LEN);
	assert_memory_equal(message.body.ptr, text, LEN);
	channel_flush(&ends->ours);
	assert_false(channel_is_full(&ends->ours));
	expect(&ends->theirs, 10, "behind");
	free(text);
}

static ino_t inode_of(int fd)
{
	struct stat info;

	assert_int_equal(fstat(fd, &info), 0);
	return info.st_ino;
}

/* Each message its own, though the sender closes them at once and others travel between. */
static void descriptors_come_with_their_message(void **state)
{
	struct ends *ends = *state;
	struct message message;
	ino_t inodes[3];

	for (unsigned i = 0; i < 3; i++) {
		int pipe_ends[2];

		assert_int_equal(pipe(pipe_ends), 0);
		inodes[i] = inode_of(pipe_ends[0]);
		channel_send(&ends->ours, i, SPAN("with"), pipe_ends[0]);
		channel_send(&ends->ours, 100, SPAN("without"), -1);
		close(pipe_ends[0]);
		close(pipe_ends[1]);
	}
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(channel_receive(&ends->theirs, &message), CHANNEL_MESSAGE);
		assert_int_equal(message.kind, i);
		assert_true(message.fd >= 0);
		assert_int_equal(inode_of(message.fd), inodes[i]);
		assert_true((fcntl(message.fd, F_GETFD) & FD_CLOEXEC) != 0);
		close(message.fd);
		expect(&ends->theirs, 100, "without");
	}
}

/* The sanitizer looks for what they hold. */
static void what_was_never_taken_is_closed(void **state)
{
	struct ends *ends = *state;

	channel_send(&ends->ours, 1, SPAN("x"), STDIN_FILENO);
	channel_fini(&ends->ours);
	channel_fini(&ends->theirs);
	assert_int_equal(fcntl(STDIN_FILENO, F_GETFD) < 0, 0);
}

static void an_end_shows_behind_the_last_message(void **state)
{
	struct ends *ends = *state;
	struct message message;

	channel_send(&ends->ours, 1, SPAN("last words"), -1);
	channel_fini(&ends->ours);
	expect(&ends->theirs, 1, "last words");
	assert_int_equal(channel_receive(&ends->theirs, &message), CHANNEL_ENDED);
	channel_send(&ends->theirs, 2, SPAN("to nobody"), -1);
	channel_drain(&ends->theirs);
	assert_int_equal(channel_receive(&ends->theirs, &message), CHANNEL_ENDED);
}

static void what_is_no_message_is_an_end(void **state)
{
	struct ends *ends = *state;
	struct message message;

	assert_int_equal(write(ends->ours.fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8), 8);
	assert_int_equal(channel_receive(&ends->theirs, &message), CHANNEL_ENDED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_ends, close_ends)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(messages_arrive_in_order),
		TEST(long_messages_come_in_pieces),
		TEST(descriptors_come_with_their_message),
		TEST(what_was_never_taken_is_closed),
		TEST(an_end_shows_behind_the_last_message),
		TEST(what_is_no_message_is_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
