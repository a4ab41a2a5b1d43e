/*
 * file: and dir: routes: what GET and HEAD get from the disk. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_STATIC_FILE_H
#define SOCKLET_CALL_STATIC_FILE_H

#include "call/generation.h"
#include "call/request.h"

/* Answers in any case. request->params[0] is the path below a dir route; GET and HEAD only. */
void static_file_reply(
	struct transport *transport, const struct route *route, const struct request *request);

#endif
