/*
 * A table written by hand: fields outside of the struct, misaligned, twice, sharing bytes.
 * SPDX-License-Identifier: MIT
 */
#include "altered.h"

FIXTURE(field_outside);
#undef socklet_plugin

static const struct sl_field fields[] = {{"far", 20, SL_TYPE_INT}, {"near", 4, SL_TYPE_DOUBLE},
	{"far", 0, SL_TYPE_BOOL}, {"shared", 8, SL_TYPE_TEXT}};
static const struct sl_table table = {
	sizeof(struct sl_table), sizeof(struct sl_field), 16, 4, "hand_made", fields};

ALTERED(info.args = &table;);
