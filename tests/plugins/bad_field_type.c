/* A table written by hand, with a type that this host does not know. SPDX-License-Identifier: MIT
 */
#include "altered.h"

FIXTURE(bad_field_type);
#undef socklet_plugin

static const struct sl_field fields[] = {
	{.name = "count", .type = SL_TYPE_INT}, {.name = "blob", .offset = 8, .type = 99}};
static const struct sl_table table = {
	sizeof(struct sl_table), sizeof(struct sl_field), 16, 2, "hand_made", fields};

ALTERED(info.args = &table;);
