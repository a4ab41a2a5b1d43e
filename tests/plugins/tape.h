/*
 * What the driver tape.c writes down, in its plugin state, for the test that looks there.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_TAPE_H
#define TESTS_TAPE_H

struct tape {
	char text[8192]; /* "+filter|", "-filter|", "topic#sequence=data|", ".|" for a flush */
	int result;      /* of the next publish */
};

#endif
