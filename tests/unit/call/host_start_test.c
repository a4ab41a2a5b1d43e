/*
 * A host that gets no event descriptor says why and leaves nothing behind.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/eventfd.h>

#include "call/host.h"

/* Stands in for the library's, as in a process that is out of descriptors. */
int eventfd(unsigned count, int flags)
{
	(void)count;
	(void)flags;
	errno = EMFILE;
	return -1;
}

static void no_event_descriptor_is_told(void **state)
{
	struct err_list why = {0};
	struct loop loop = {0};

	(void)state;
	assert_null(host_new(&loop, &why));
	assert_int_equal(why.count, 1);
	assert_string_equal(
		why.items[0].text, "cannot make an event descriptor: Too many open files");
	err_list_fini(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_event_descriptor_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
