/*
 * Texts of routes.yaml that somebody else will read: the plugins' types are not known here.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_TEXT_H
#define SOCKLET_CONFIG_CONF_TEXT_H

#include <stddef.h>

#include "base/err.h"

/* A text of the file and where it stands. text is NULL when the key is absent. */
struct conf_text {
	const char *text;
	struct place place;
};

/* A list of texts. items is NULL when the key is absent, or a text instead. */
struct conf_list {
	const char *const *items;
	size_t count;
	struct place place;
};

#endif
