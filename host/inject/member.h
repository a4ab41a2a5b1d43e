/*
 * The member types of an argument struct: what each is called, how large it is, and how a value
 * gets into it. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_MEMBER_H
#define SOCKLET_INJECT_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <socklet.h>

#include "wire/rules.h"
#include "wire/value.h"

struct member_type {
	uint32_t type;        /* SL_TYPE_… with SL_TYPE_OPTIONAL and SL_TYPE_LIST */
	enum value_type base; /* how its text, or that of each item, is read */
	const char *c_name;   /* "struct sl_opt_int": as the plugin's author names it */
	size_t size;          /* bytes of the member */
	size_t value_size;    /* bytes of it without `set` */
	size_t set_offset;    /* bytes, of `set`; 0: not optional */
	bool is_list;
};

/* NULL for an unknown one. */
const struct member_type *member_type_find(uint32_t type);
/* "int?": as routes.yaml and people name it. */
const char *member_type_name(const struct member_type *type);
/* The i-th row of a table, whatever the size of its rows; what an older row lacks is zero. */
struct sl_field member_field(const struct sl_table *table, size_t i);

/* What the plugin's author said beside the field; `table` is whose it is. */
struct rules_said member_said(
	const struct sl_table *table, const struct sl_field *field, struct arena *arena);

/* All four write the member at `where`, optional or not. */
void member_store(const struct member_type *type, void *where, const union value *value);
/* Of a list; the items, each as value_store writes it, are borrowed. */
void member_store_list(
	const struct member_type *type, void *where, const void *items, size_t count);
/* "", 0 or an empty list, not set. */
void member_clear(const struct member_type *type, void *where);
/* From a member of the same type that is optional only if the member is, too. */
void member_copy(const struct member_type *type, void *where, const struct member_type *from_type,
	const void *from);
/* Puts copies in the arena into the place of the texts and items that it points to. */
void member_own(const struct member_type *type, void *where, struct arena *arena);

#endif
