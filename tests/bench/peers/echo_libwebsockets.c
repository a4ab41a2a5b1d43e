/*
 * Peer of the benchmark: an echo on libwebsockets, the way its examples do it: whole messages are
 * queued, and sent when the socket is writable, as many at once as the pipe takes. No TLS, no
 * extensions. SPDX-License-Identifier: MIT
 */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

enum { RECEIVE_BYTES = 1 << 16 };

struct message {
	struct message *next;
	size_t len, room;
	enum lws_write_protocol type;
	unsigned char data[]; /* behind LWS_PRE bytes */
};

struct session {
	struct message *partial, *first, **last;
};

static int take(struct session *session, struct lws *wsi, const void *data, size_t len)
{
	struct message *message = session->partial;
	size_t room = (message ? message->len : 0) + len + lws_remaining_packet_payload(wsi);

	if (!message || message->room < room) {
		message = realloc(message, sizeof(*message) + LWS_PRE + room);
		message->len = session->partial ? message->len : 0;
		message->room = room;
	}
	session->partial = message;
	memcpy(message->data + LWS_PRE + message->len, data, len);
	message->len += len;
	if (!lws_is_final_fragment(wsi))
		return 0;
	message->next = NULL;
	message->type = lws_frame_is_binary(wsi) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
	*session->last = message;
	session->last = &message->next;
	session->partial = NULL;
	lws_callback_on_writable(wsi);
	return 0;
}

static struct message *take_first(struct session *session)
{
	struct message *message = session->first;

	session->first = message->next;
	if (!session->first)
		session->last = &session->first;
	return message;
}

static int send_queued(struct session *session, struct lws *wsi)
{
	while (session->first && !lws_send_pipe_choked(wsi)) {
		struct message *message = take_first(session);
		int sent = lws_write(wsi, message->data + LWS_PRE, message->len, message->type);

		free(message);
		if (sent < 0)
			return -1;
	}
	if (session->first)
		lws_callback_on_writable(wsi);
	return 0;
}

static int drop(struct session *session)
{
	while (session->first)
		free(take_first(session));
	free(session->partial);
	return 0;
}

static int on_event(
	struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct session *session = user;

	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		session->last = &session->first;
		return 0;
	case LWS_CALLBACK_RECEIVE:
		return take(session, wsi, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return send_queued(session, wsi);
	case LWS_CALLBACK_CLOSED:
		return drop(session);
	default:
		return 0;
	}
}

int main(int argc, char **argv)
{
	static const struct lws_protocols protocols[] = {
		{"echo", on_event, sizeof(struct session), RECEIVE_BYTES, 0, NULL, 0}, {0}};
	struct lws_context_creation_info info = {.port = argc > 1 ? atoi(argv[1]) : 0,
		.iface = "127.0.0.1",
		.protocols = protocols,
		.pt_serv_buf_size = RECEIVE_BYTES,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1};
	struct lws_context *context;

	lws_set_log_level(LLL_ERR, NULL);
	context = lws_create_context(&info);
	while (context && lws_service(context, 0) >= 0)
		;
	return 1;
}
