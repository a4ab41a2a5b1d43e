/*
 * The layout of ABI 1.0 in numbers, for 64-bit machines: a plugin built with it has to
 * find its members there. Never change a number; a struct that grows gets new lines in a file of
 * its own. Compiled with the host's header and with the kept one. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

#define AT(name, member, offset) \
	_Static_assert(offsetof(struct name, member) == (offset), #name "." #member " has moved")
/* Only of structs that never grow: those in arrays without a stride, or passed by value. */
#define SIZE(name, bytes) _Static_assert(sizeof(struct name) == (bytes), #name " has another size")

SIZE(sl_str, 16);
AT(sl_str, ptr, 0);
AT(sl_str, len, 8);

SIZE(sl_opt_text, 16);
AT(sl_opt_text, value, 0);
AT(sl_opt_text, set, 8);

SIZE(sl_opt_str, 24);
AT(sl_opt_str, value, 0);
AT(sl_opt_str, set, 16);

SIZE(sl_opt_int, 16);
AT(sl_opt_int, value, 0);
AT(sl_opt_int, set, 8);

SIZE(sl_opt_double, 16);
AT(sl_opt_double, value, 0);
AT(sl_opt_double, set, 8);

SIZE(sl_opt_bool, 8);
AT(sl_opt_bool, value, 0);
AT(sl_opt_bool, set, 4);

SIZE(sl_uuid, 16);
SIZE(sl_date, 12);
AT(sl_date, day, 8);
SIZE(sl_time, 24);
AT(sl_time, has_offset, 16);
AT(sl_time, offset_s, 20);
SIZE(sl_datetime, 36);
AT(sl_datetime, microsecond, 24);
AT(sl_datetime, offset_s, 32);
SIZE(sl_timedelta, 8);
SIZE(sl_opt_uint, 16);
AT(sl_opt_uint, set, 8);
SIZE(sl_opt_uuid, 20);
AT(sl_opt_uuid, set, 16);
SIZE(sl_opt_datetime, 40);
AT(sl_opt_datetime, set, 36);
SIZE(sl_opt_date, 16);
AT(sl_opt_date, set, 12);
SIZE(sl_opt_time, 28);
AT(sl_opt_time, set, 24);
SIZE(sl_opt_timedelta, 16);
AT(sl_opt_timedelta, set, 8);

AT(sl_field, name, 0);
AT(sl_field, offset, 8);
AT(sl_field, type, 12);
AT(sl_field, alias, 16);
AT(sl_field, default_value, 24);
AT(sl_field, convert_underscores, 32);
AT(sl_field, gt, 40);
AT(sl_field, ge, 48);
AT(sl_field, lt, 56);
AT(sl_field, le, 64);
AT(sl_field, multiple_of, 72);
AT(sl_field, allow_inf_nan, 80);
AT(sl_field, min_length, 88);
AT(sl_field, max_length, 96);
AT(sl_field, pattern, 104);
AT(sl_field, title, 112);
AT(sl_field, description, 120);
AT(sl_field, example, 128);
AT(sl_field, deprecated, 136);
AT(sl_field, include_in_docs, 144);

AT(sl_table, size, 0);
AT(sl_table, stride, 4);
AT(sl_table, struct_size, 8);
AT(sl_table, field_count, 12);
AT(sl_table, name, 16);
AT(sl_table, fields, 24);

AT(sl_message, data, 0);
AT(sl_message, type, 16);

AT(sl_end, code, 0);
AT(sl_end, by, 4);
AT(sl_end, reason, 8);

AT(sl_host, size, 0);
AT(sl_host, major, 4);
AT(sl_host, minor, 6);
AT(sl_host, extension, 8);
AT(sl_host, accept, 16);
AT(sl_host, refuse, 24);
AT(sl_host, refuse_detail, 32);
AT(sl_host, response_header, 40);
AT(sl_host, close, 48);
AT(sl_host, send, 56);
AT(sl_host, vsendf, 64);
AT(sl_host, vsend_json, 72);
AT(sl_host, queued, 80);
AT(sl_host, pause, 88);
AT(sl_host, resume, 96);
AT(sl_host, id, 104);
AT(sl_host, find, 112);
AT(sl_host, state, 120);
AT(sl_host, args, 128);
AT(sl_host, alloc, 136);
AT(sl_host, plugin_of, 144);
AT(sl_host, plugin_state, 152);
AT(sl_host, options, 160);
AT(sl_host, target, 168);
AT(sl_host, path, 176);
AT(sl_host, query, 184);
AT(sl_host, path_param, 192);
AT(sl_host, query_param, 200);
AT(sl_host, header, 208);
AT(sl_host, header_at, 216);
AT(sl_host, cookie, 224);
AT(sl_host, subprotocol, 232);
AT(sl_host, peer, 240);
AT(sl_host, conn_timer, 248);
AT(sl_host, plugin_timer, 256);
AT(sl_host, timer_cancel, 264);
AT(sl_host, offload, 272);
AT(sl_host, event_base, 280);
AT(sl_host, vlog_conn, 288);
AT(sl_host, vlog_plugin, 296);

AT(sl_provider, name, 0);
AT(sl_provider, args, 8);
AT(sl_provider, type, 16);
AT(sl_provider, size, 20);
AT(sl_provider, call, 24);

AT(sl_plugin_info, magic, 0);
AT(sl_plugin_info, size, 4);
AT(sl_plugin_info, major, 8);
AT(sl_plugin_info, minor, 10);
AT(sl_plugin_info, flags, 12);
AT(sl_plugin_info, host, 16);
AT(sl_plugin_info, name, 24);
AT(sl_plugin_info, args, 32);
AT(sl_plugin_info, options, 40);
AT(sl_plugin_info, providers, 48);
AT(sl_plugin_info, provider_count, 56);
AT(sl_plugin_info, accepts, 60);
AT(sl_plugin_info, state_size, 64);
AT(sl_plugin_info, plugin_state_size, 72);
AT(sl_plugin_info, start, 80);
AT(sl_plugin_info, stop, 88);
AT(sl_plugin_info, connect, 96);
AT(sl_plugin_info, message, 104);
AT(sl_plugin_info, disconnect, 112);
AT(sl_plugin_info, drained, 120);

_Static_assert(SL_MAGIC == 0x314b4353u && SL_ABI_MAJOR == 1, "another major is another file");
_Static_assert(SL_OK == 0 && SL_LATER == 1 && SL_CLOSED == -1 && SL_FULL == -2 &&
		       SL_INVALID == -3 && SL_FAILED == -4,
	"a result has another number");
_Static_assert(SL_TYPE_TEXT == 1 && SL_TYPE_STR == 2 && SL_TYPE_INT == 3 && SL_TYPE_DOUBLE == 4 &&
		       SL_TYPE_BOOL == 5 && SL_TYPE_UINT == 6 && SL_TYPE_TIMEDELTA == 11 &&
		       SL_TYPE_OPTIONAL == 0x100,
	"a type has another number");
_Static_assert(SL_TEXT == 1 && SL_BINARY == 2 && SL_BY_PEER == 1 && SL_BY_PLUGIN == 2 &&
		       SL_BY_HOST == 3 && SL_KEEP_REQUEST == 1,
	"a constant has another number");
_Static_assert(SL_LOG_DEBUG == 0 && SL_LOG_INFO == 1 && SL_LOG_WARN == 2 && SL_LOG_ERROR == 3,
	"a log level has another number");
