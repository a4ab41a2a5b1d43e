/*
 * The page of breadcrumbs knows the plugins by name and version; /proc/self/maps knows all else.
 * Reads memory through the kernel, which says no where a pointer would fault.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/code_place.h"

#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 512, STACK_WORDS = 512 };

/* ---- /proc/self/maps -------------------------------------------------------------------- */

struct search {
	struct safe_text *text;
	uintptr_t code;
	uintptr_t base; /* of the file whose mappings are being read */
};

static uint64_t read_hex(const char **at)
{
	uint64_t number = 0;

	for (;; (*at)++) {
		if (**at >= '0' && **at <= '9')
			number = number * 16 + (unsigned)(**at - '0');
		else if (**at >= 'a' && **at <= 'f')
			number = number * 16 + (unsigned)(**at - 'a' + 10);
		else
			return number;
	}
}

/* "55d0-55e0 r-xp 00001000 08:01 1234   /usr/bin/socklet". True when it holds the address. */
static bool search_line(struct search *search, const char *line)
{
	const char *at = line, *slash = strrchr(line, '/');
	uint64_t low = read_hex(&at), high, offset;

	at += *at == '-';
	high = read_hex(&at);
	at = strchr(at, ' ');
	at = at == NULL ? NULL : strchr(at + 1, ' ');
	if (at == NULL)
		return false;
	at++;
	offset = read_hex(&at);
	if (offset == 0)
		search->base = low;
	if (search->code < low || search->code >= high || slash == NULL)
		return false;
	safe_text_put(search->text, slash + 1);
	safe_text_put(search->text, "+");
	safe_text_hex(search->text, search->code - search->base);
	return true;
}

/* Lines of the file, one after the other; longer ones are cut. */
static bool search_maps(struct search *search, int fd)
{
	char line[LINE_MAX_BYTES], bytes[1024];
	size_t len = 0;
	ssize_t got;

	while ((got = read(fd, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			if (bytes[i] != '\n') {
				line[len] = bytes[i];
				len += len + 1 < sizeof(line);
				continue;
			}
			line[len] = '\0';
			len = 0;
			if (search_line(search, line))
				return true;
		}
	}
	return false;
}

static bool put_mapped(struct safe_text *text, uintptr_t code)
{
	struct search search = {text, code, 0};
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	bool found = fd >= 0 && search_maps(&search, fd);

	if (fd >= 0)
		close(fd);
	return found;
}

/* ---- plugins ---------------------------------------------------------------------------- */

static void put_image(struct safe_text *text, const struct breadcrumb_image *image, uintptr_t code)
{
	safe_text_array(text, image->plugin, sizeof(image->plugin));
	safe_text_put(text, ".so+");
	safe_text_hex(text, code - image->low);
}

static void put_unloaded(
	struct safe_text *text, const struct breadcrumb_image *image, uintptr_t code)
{
	safe_text_put(text, "unloaded ");
	safe_text_array(text, image->plugin, sizeof(image->plugin));
	safe_text_put(text, " version ");
	safe_text_number(text, image->version);
	safe_text_put(text, " (");
	put_image(text, image, code);
	safe_text_put(text, ")");
}

int code_place_put(struct safe_text *text, const struct breadcrumb *page, uintptr_t code)
{
	const struct breadcrumb_image *image = breadcrumb_image_at(page, code);

	if (image != NULL && image->closed == 0)
		put_image(text, image, code);
	/* Something else may lie there by now. */
	else if (put_mapped(text, code))
		return -1;
	else if (image != NULL)
		put_unloaded(text, image, code);
	else
		safe_text_hex(text, code);
	return image == NULL ? -1 : (int)(image - page->images);
}

void code_place_put_caller(
	struct safe_text *text, const struct breadcrumb *page, uintptr_t stack_pointer)
{
	uintptr_t words[STACK_WORDS];
	struct iovec here = {words, sizeof(words)}, there = {(void *)stack_pointer, sizeof(words)};
	ssize_t got = process_vm_readv(getpid(), &here, 1, &there, 1, 0);

	for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(words[0]); i++) {
		const struct breadcrumb_image *image = breadcrumb_image_at(page, words[i]);

		if (image == NULL || image->closed > 0)
			continue;
		safe_text_put(text, ", called from ");
		put_image(text, image, words[i]);
		return;
	}
}
