/*
 * What 1.2 added to the layout, in numbers, for 64-bit machines. Until 1.2 is released its numbers
 * may change with it; then never. SPDX-License-Identifier: MIT
 */
#include <socklet_bus.h>

#define AT(name, member, offset) \
	_Static_assert(offsetof(struct name, member) == (offset), #name "." #member " has moved")

AT(sl_host, security_scope, 320); /* the last of 1.1: what follows is new */
AT(sl_host, count, 328);
AT(sl_host, subscribe, 336);
AT(sl_host, subscribers, 384);
AT(sl_plugin_info, lost, 144);
AT(sl_host, chosen_subprotocol, 392);
AT(sl_host, scheme, 400);
AT(sl_host, send_keyed, 408);
AT(sl_host, queue_limit, 424);
AT(sl_host, rtt, 432);

/* Plain requests. */
AT(sl_host, respond, 440);
AT(sl_host, vrespond_json, 448);
AT(sl_host, respond_start, 456);
AT(sl_host, respond_write, 464);
AT(sl_host, respond_end, 472);
AT(sl_host, present, 480);
AT(sl_host, send_present, 488);
AT(sl_plugin_info, request, 152);
AT(sl_plugin_info, request_end, 160);
AT(sl_request, method, 0);
AT(sl_request, body, 16);
AT(sl_request, content_type, 32);
AT(sl_plugin_info, bus, 168);
AT(sl_bus_message, data, 16);
AT(sl_bus_message, type, 64);
AT(sl_bus, publish, 8);
AT(sl_bus, flush, 32);
AT(sl_bus_host, received, 8);
AT(sl_bus_host, host_id, 32);
