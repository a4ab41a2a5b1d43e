/*
 * What 1.1 added to the layout, in numbers, for 64-bit machines. Never change a number; a struct
 * that grows gets new lines in a file of its own. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

#define AT(name, member, offset) \
	_Static_assert(offsetof(struct name, member) == (offset), #name "." #member " has moved")
/* Only of structs that never grow: those in arrays without a stride, or passed by value. */
#define SIZE(name, bytes) _Static_assert(sizeof(struct name) == (bytes), #name " has another size")

SIZE(sl_list_text, 16);
AT(sl_list_text, count, 8);
SIZE(sl_opt_list_text, 24);
AT(sl_opt_list_text, set, 16);
SIZE(sl_opt_enum, 8);
AT(sl_opt_enum, set, 4);
SIZE(sl_enum_name, 16);
AT(sl_enum_name, value, 8);

AT(sl_field, min_items, 152);
AT(sl_field, max_items, 160);
AT(sl_field, enum_values, 168);
AT(sl_field, names, 176);
AT(sl_field, name_count, 184);
AT(sl_field, struct_size, 188);
AT(sl_field, struct_name, 192);

AT(sl_end, status, 24);

AT(sl_plugin_info, layout, 128);
AT(sl_plugin_info, hand_over, 136);

AT(sl_host, reject, 304);
AT(sl_host, provide, 312);
AT(sl_host, security_scope, 320);

AT(sl_provider, scope, 32);
AT(sl_provider, struct_size, 40);
AT(sl_provider, struct_name, 48);
AT(sl_provider, release, 56);

_Static_assert(SL_TYPE_ENUM == 12 && SL_TYPE_STRUCT == 13 && SL_TYPE_LIST == 0x200,
	"a type has another number");
_Static_assert(SL_SCOPE_CONNECTION == 0 && SL_SCOPE_HANDSHAKE == 1 && SL_SCOPE_MESSAGE == 2,
	"a scope has another number");
