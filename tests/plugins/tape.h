/*
 * What the driver tape.c writes down, in its plugin state, for the test that looks there.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_TAPE_H
#define TESTS_TAPE_H

#include <stdint.h>

struct tape {
	/*
	 * "+filter|", "-filter|", "topic#sequence=data|", ".|" for a flush; "!topic#sequence=data|"
	 * to be kept, "?filter,filter>after|" recalled.
	 */
	char text[8192];
	int result;         /* of the next publish, keep or recall */
	uint64_t recall_id; /* of the last one */
};

#endif
