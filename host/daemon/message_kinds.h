/*
 * What master and workers say to each other over their channel. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_MESSAGE_KINDS_H
#define SOCKLET_DAEMON_MESSAGE_KINDS_H

/*
 * A load is: LISTEN for each address; then START, or PREPARE and, once all have answered, COMMIT
 * or ABORT. Of both sides the last load counts.
 */
enum to_worker {
	TO_LISTEN,  /* an address and its socket; one known already is given again */
	TO_START,   /* an order: prepare and commit at once, answered by SERVES or REFUSED */
	TO_PREPARE, /* an order, answered by PREPARED or REFUSED */
	TO_COMMIT,  /* answered by SERVES */
	TO_ABORT,
	TO_STOP,       /* gracefully; answered by its end */
	TO_RETIRE,     /* as STOP, once those who wait to be accepted had their answer */
	TO_STATUS,     /* answered by STATUS */
	TO_QUARANTINE, /* packed: name and version of a plugin whose routes refuse from now on */
	TO_BUS,        /* packed: this host's number; with its end of the bus link */
	TO_LEAVE,      /* as RETIRE, but only `drain` closes connections; answered by its end */
	TO_LOG,        /* a descriptor: the standard error from now on */
};

enum from_worker {
	FROM_PREPARED, /* packed: a name and a version for each plugin that is new */
	FROM_REFUSED,  /* packed complaints */
	FROM_SERVES,   /* packed: the number of the generation */
	FROM_STATUS,   /* a JSON object */
};

#endif
