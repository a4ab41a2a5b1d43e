/*
 * Bytes of a peer made fit for an error text: printable, short, and quoted.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_QUOTE_H
#define SOCKLET_WIRE_QUOTE_H

#include "base/span.h"

struct quoted {
	char text[72];
};

/*
 * "like this", a byte outside printable ASCII as \xNN, a long text cut with "..." before the
 * closing quote. By value, for printf: quote(s).text.
 */
struct quoted quote(struct span s);

#endif
