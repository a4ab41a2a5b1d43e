// A template's static as a unique symbol: the loader keeps one for all versions of the plugin.
// SPDX-License-Identifier: MIT
#include <socklet.h>

template <class T> struct __attribute__((visibility("default"))) counter {
	static int value;
};
template <class T> int counter<T>::value = 7;

// Only gcc makes such symbols by itself (the build turns that on for this file again).
#ifdef __clang__
__asm__(".pushsection .data\n"
	".type gnu_unique_value, @gnu_unique_object\n"
	"gnu_unique_value: .long 7\n"
	".size gnu_unique_value, 4\n"
	".popsection");
#endif

static int message(
	struct sl_conn *conn, const struct sl_no_args *, const struct sl_message *message)
{
	counter<int>::value++;
	return sl_send(conn, message->type, message->data.ptr, message->data.len);
}

SL_PLUGIN(gnu_unique, sl_no_args, .message = message);
