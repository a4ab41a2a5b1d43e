/*
 * The words of `overflow`: what is done with a message that would have more than `queue` wait.
 * conf/README.md says what each does. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_OVERFLOW_H
#define SOCKLET_CONFIG_CONF_OVERFLOW_H

enum overflow_conf {
	OVERFLOW_CONF_CLOSE,
	OVERFLOW_CONF_CLOSE_1008,
	OVERFLOW_CONF_TELL,
	OVERFLOW_CONF_DROP_NEWEST,
	OVERFLOW_CONF_DROP_OLDEST,
	OVERFLOW_CONF_KEEP_LAST,
};

#endif
