/*
 * A set keeps HMACs of its secrets under a key of its own, made at random: comparing those hides
 * the length of a secret, too, and a look into the memory shows none. Knows no scheme and no
 * request. Called by security.c and jwt_key.c. SPDX-License-Identifier: MIT
 */
#include "security/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/xalloc.h"

enum { DIGEST_SIZE = 32 };

struct digest {
	unsigned char bytes[DIGEST_SIZE];
};

struct secret_set {
	struct digest key;
	struct digest *digests;
	size_t count;
};

/* ---- reading ---------------------------------------------------------------------------- */

/* False, with errno, when it cannot be read; stops one byte beyond the limit. */
static bool read_whole(int fd, struct secret *out)
{
	ssize_t got;

	/* Of its whole size at once: realloc would leave copies behind. */
	out->bytes = xmalloc(SECRET_SOURCE_MAX + 1);
	do {
		got = read(fd, out->bytes + out->len, SECRET_SOURCE_MAX + 1 - out->len);
		if (got > 0)
			out->len += (size_t)got;
	} while ((got > 0 && out->len <= SECRET_SOURCE_MAX) || (got < 0 && errno == EINTR));
	return got >= 0;
}

/* Not blocking, and a regular file only: a FIFO without a writer would stop the host's loop. */
static bool read_file(
	struct secret *out, const char *path, struct place place, struct err_list *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t already = why->count;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err_list_add(why, place, "the file \"%s\" cannot be read (%s): check the path",
			path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err_list_add(
			why, place, "\"%s\" is no regular file: give one with the secret", path);
	else if (!read_whole(fd, out))
		err_list_add(why, place, "the file \"%s\" cannot be read (%s): try again", path,
			strerror(errno));
	else if (out->len > SECRET_SOURCE_MAX)
		err_list_add(why, place, "the file \"%s\" has more than %d MiB: give one with %s",
			path, SECRET_SOURCE_MAX >> 20, "the secret only");
	if (fd >= 0)
		close(fd);
	return why->count == already;
}

static bool read_env(struct secret *out, const char *name, struct place place, struct err_list *why)
{
	const char *value = getenv(name);

	if (value == NULL || strlen(value) > SECRET_SOURCE_MAX) {
		err_list_add(why, place, "the variable %s is %s: set it where socklet is started",
			name, value == NULL ? "not in the environment" : "too long");
		return false;
	}
	out->len = strlen(value);
	out->bytes = memcpy(xmalloc(out->len + 1), value, out->len);
	return true;
}

static bool is_line_end(char c)
{
	return c == '\r' || c == '\n';
}

bool secret_read(struct secret *out, const struct secret_source *from, struct err_list *why)
{
	if (!(from->env != NULL ? read_env(out, from->env, from->place, why)
				: read_file(out, from->file, from->place, why)))
		return false;
	while (out->len > 0 && is_line_end(out->bytes[out->len - 1]))
		out->len--;
	if (out->len > 0)
		return true;
	err_list_add(why, from->place, "%s %s is empty: put the secret into it",
		from->env != NULL ? "the variable" : "the file",
		from->env != NULL ? from->env : from->file);
	return false;
}

void secret_fini(struct secret *secret)
{
	if (secret->bytes != NULL)
		OPENSSL_cleanse(secret->bytes, secret->len);
	free(secret->bytes);
	*secret = (struct secret){0};
}

/* ---- a set ------------------------------------------------------------------------------ */

static struct digest digest_of(const struct secret_set *set, struct span text)
{
	struct digest digest = {0};
	const unsigned char *made = HMAC(EVP_sha256(), set->key.bytes, DIGEST_SIZE,
		(const unsigned char *)text.ptr, text.len, digest.bytes, NULL);

	/* Only without memory; going on, all would be equal. */
	assert(made != NULL);
	return digest;
}

static void add_lines(struct secret_set *set, const struct secret *secret, char separator,
	const struct secret_source *from, struct err_list *why)
{
	struct span rest = {secret->bytes, secret->len};

	for (unsigned number = 1; rest.ptr != NULL; number++) {
		struct span line = span_cut(&rest, '\n');

		while (line.len > 0 && line.ptr[line.len - 1] == '\r')
			line.len--;
		if (span_trim(line).len == 0 || line.ptr[0] == '#')
			continue;
		if (separator != '\0' && span_find(line, separator) == line.len)
			err_list_add(why, from->place,
				"line %u of %s has no '%c', wanted user%cpassword", number,
				from->env != NULL ? from->env : from->file, separator, separator);
		set->digests = xrealloc(set->digests, (set->count + 1) * sizeof(*set->digests));
		set->digests[set->count++] = digest_of(set, line);
	}
}

struct secret_set *secret_set_new(
	const struct secret_source *from, size_t count, char separator, struct err_list *why)
{
	struct secret_set *set = xcalloc(1, sizeof(*set));
	size_t already = why->count;

	if (RAND_bytes(set->key.bytes, DIGEST_SIZE) != 1)
		err_list_add(why, count > 0 ? from->place : (struct place){0},
			"the system has no random numbers: try again");
	for (size_t i = 0; i < count; i++) {
		struct secret secret = {0};
		size_t before = set->count;

		if (secret_read(&secret, &from[i], why)) {
			add_lines(set, &secret, separator, &from[i], why);
			if (set->count == before)
				err_list_add(why, from[i].place,
					"%s holds only blank lines and comments: add a secret",
					from[i].env != NULL ? from[i].env : from[i].file);
		}
		secret_fini(&secret);
	}
	if (why->count == already)
		return set;
	secret_set_free(set);
	return NULL;
}

bool secret_set_has(const struct secret_set *set, struct span given)
{
	struct digest digest = digest_of(set, given);
	int equal = 0;

	for (size_t i = 0; i < set->count; i++)
		equal |= CRYPTO_memcmp(digest.bytes, set->digests[i].bytes, DIGEST_SIZE) == 0;
	return equal != 0;
}

void secret_set_free(struct secret_set *set)
{
	if (set == NULL)
		return;
	OPENSSL_cleanse(&set->key, sizeof(set->key));
	free(set->digests);
	free(set);
}
