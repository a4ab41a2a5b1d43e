/*
 * Asked "who" it says how the peer is connected and what its certificate says; all else comes back.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>

#include <string.h>

struct certificate_args {
	struct sl_opt_text subject, common_name, issuer, serial, fingerprint, not_after, dns, email;
	struct sl_opt_datetime until;
};
SL_ARGS(certificate_args, SL_FIELD(subject), SL_FIELD(common_name), SL_FIELD(issuer),
	SL_FIELD(serial), SL_FIELD(fingerprint), SL_FIELD(not_after), SL_FIELD(dns),
	SL_FIELD(email), SL_FIELD(until));

static const char *text_of(const struct sl_opt_text *text)
{
	return text->set ? text->value : "-";
}

static int certificate_message(
	struct sl_conn *conn, const struct certificate_args *args, const struct sl_message *message)
{
	if (message->data.len != 3 || memcmp(message->data.ptr, "who", 3) != 0)
		return sl_send(conn, message->type, message->data.ptr, message->data.len);
	sl_sendf(conn, "%s", sl_scheme(conn));
	sl_sendf(conn, "%s|%s|%s|%s|%s|%s", text_of(&args->subject), text_of(&args->common_name),
		text_of(&args->issuer), text_of(&args->dns), text_of(&args->email),
		args->until.set ? "until" : "-");
	return sl_sendf(conn, "%s|%s|%s", text_of(&args->serial), text_of(&args->fingerprint),
		text_of(&args->not_after));
}

SL_PLUGIN(certificate, certificate_args, .message = certificate_message);
