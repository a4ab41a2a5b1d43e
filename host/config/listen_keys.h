/*
 * The keys of an item of `listen:` that is more than an address, and of who listens. Rows as in
 * keys.h, which includes this. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LISTEN_KEYS_H
#define SOCKLET_CONFIG_LISTEN_KEYS_H

/* TYPE(token, what README calls it, unit), as KEY_TYPES of keys.h. */
#define LISTEN_KEY_TYPES(TYPE)                       \
	TYPE(file_mode, "octal digits", "")          \
	TYPE(group, "name or number of a group", "") \
	TYPE(redirect_scheme, "`https`", "")         \
	TYPE(user, "name or number of a user", "")

/* At the top, too: who the processes are that serve. */
#define ACCOUNT_KEYS(ROW)                                                                         \
	ROW(user, user, user, NULL, NULL, NULL,                                                   \
		"the user that workers, and so all plugins, run as; for a host that root starts") \
	ROW(group, group, group, NULL, NULL, NULL,                                                \
		"the group that they run as, instead of the user's own; only with `user`")

#define LISTEN_KEYS(ROW)                                                                         \
	ROW(at, text, address, NULL, NULL, NULL,                                                 \
		"the address, as it stands where there is nothing else to say; required")        \
	ROW(proxy_protocol, flag, has_proxy_header, "false", NULL, NULL,                         \
		"each connection begins with a PROXY header, version 1 or 2, that names the "    \
		"client; from peers that `proxies` lists only, others are closed")               \
	ROW(redirect, redirect_scheme, redirects, NULL, NULL, NULL,                              \
		"answers every request with 308 to the same place at the `https://` listener")   \
	ROW(mode, file_mode, mode, "0660", "0", "0777",                                          \
		"who may connect to a Unix socket: the mode of its file, which is not cut by "   \
		"the umask")                                                                     \
	ROW(owner, user, owner, NULL, NULL, NULL,                                                \
		"the user whom the file of a Unix socket belongs to, when it is not the host's") \
	ROW(group, group, group, NULL, NULL, NULL,                                               \
		"the group that the file of a Unix socket belongs to, when it is not the host's")

#endif
