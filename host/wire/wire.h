/*
 * What every incremental decoder answers. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_WIRE_H
#define SOCKLET_WIRE_WIRE_H

enum wire {
	WIRE_DONE, /* one whole unit was decoded */
	WIRE_MORE, /* nothing wrong so far, more bytes are needed */
	WIRE_BAD,  /* the peer broke the rules; struct err says how */
};

#endif
