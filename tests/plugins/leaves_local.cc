// A thread_local with a destructor: the loader keeps such a library until the thread ends.
// SPDX-License-Identifier: MIT
#include <socklet.h>

namespace
{
struct counted {
	int messages = 0;
	~counted()
	{
		messages = -1;
	}
};
thread_local counted local;
} // namespace

static int message(struct sl_conn *conn, const struct sl_no_args *, const struct sl_message *)
{
	return sl_sendf(conn, "local: %d", ++local.messages);
}

SL_PLUGIN(leaves_local, sl_no_args, .message = message);
