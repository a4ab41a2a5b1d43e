/*
 * A table written by hand: fields outside of the struct, misaligned, twice, sharing bytes.
 * SPDX-License-Identifier: MIT
 */
#include "altered.h"

FIXTURE(field_outside);
#undef socklet_plugin

static const struct sl_field fields[] = {{.name = "far", .offset = 20, .type = SL_TYPE_INT},
	{.name = "near", .offset = 4, .type = SL_TYPE_DOUBLE},
	{.name = "far", .type = SL_TYPE_BOOL},
	{.name = "shared", .offset = 8, .type = SL_TYPE_TEXT}};
static const struct sl_table table = {
	sizeof(struct sl_table), sizeof(struct sl_field), 16, 4, "hand_made", fields};

ALTERED(info.args = &table;);
