/*
 * The loader trusts an ELF file: from a torn one it dies of SIGBUS or, worse, runs what is there.
 * A linker writes the section table last, so a file whose headers all lie inside it and whose
 * names are where the header says has been written to its end. Hostile files are not the aim:
 * whoever may write a plugin may run code here anyway. SPDX-License-Identifier: MIT
 */
#include "plugin/elf_check.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

/* The linker's name for the start of our own program: the machine that plugins have to match. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

struct elf {
	const char *file; /* for messages */
	struct span bytes;
	ElfW(Ehdr) head;
};

/* Copies: a field in a torn file may lie anywhere, also misaligned. */
static bool elf_read(const struct elf *elf, uint64_t offset, void *into, size_t len)
{
	if (offset > elf->bytes.len || len > elf->bytes.len - offset)
		return false;
	memcpy(into, elf->bytes.ptr + offset, len);
	return true;
}

static bool elf_holds(const struct elf *elf, uint64_t offset, uint64_t len)
{
	return offset <= elf->bytes.len && len <= elf->bytes.len - offset;
}

static bool fail_torn(const struct elf *elf, const char *what, struct err *why)
{
	err_set(why, ERR_INTERNAL, "%s is not whole: %s; it has %zu bytes: copy or build it again",
		elf->file, what, elf->bytes.len);
	return false;
}

static bool check_kind(struct elf *elf, struct err *why)
{
	const ElfW(Ehdr) *own = &__ehdr_start;

	if (!elf_holds(elf, 0, SELFMAG) || memcmp(elf->bytes.ptr, ELFMAG, SELFMAG) != 0) {
		err_set(why, ERR_INTERNAL,
			"%s is not an ELF file; build a shared object: cc -shared -fPIC",
			elf->file);
		return false;
	}
	if (!elf_read(elf, 0, &elf->head, sizeof(elf->head)))
		return fail_torn(elf, "it ends within its first header", why);
	if (elf->head.e_ident[EI_CLASS] != own->e_ident[EI_CLASS] ||
		elf->head.e_ident[EI_DATA] != own->e_ident[EI_DATA] ||
		elf->head.e_machine != own->e_machine) {
		err_set(why, ERR_INTERNAL,
			"%s is for another machine (ELF class %u, data %u, machine %u; this host: "
			"%u, %u, %u); build it here",
			elf->file, elf->head.e_ident[EI_CLASS], elf->head.e_ident[EI_DATA],
			elf->head.e_machine, own->e_ident[EI_CLASS], own->e_ident[EI_DATA],
			own->e_machine);
		return false;
	}
	if (elf->head.e_type != ET_DYN) {
		err_set(why, ERR_INTERNAL,
			"%s is ELF of type %u, not a shared object (%u); link it with -shared",
			elf->file, elf->head.e_type, ET_DYN);
		return false;
	}
	return true;
}

static bool segment_read(const struct elf *elf, size_t i, ElfW(Phdr) * out)
{
	return elf_read(elf, elf->head.e_phoff + i * sizeof(*out), out, sizeof(*out));
}

static bool section_read(const struct elf *elf, size_t i, ElfW(Shdr) * out)
{
	return elf_read(elf, elf->head.e_shoff + i * sizeof(*out), out, sizeof(*out));
}

static bool check_segments(const struct elf *elf, ElfW(Phdr) * dynamic, struct err *why)
{
	ElfW(Phdr) segment;

	dynamic->p_type = PT_NULL;
	if (elf->head.e_phentsize != sizeof(segment))
		return fail_torn(elf, "its program headers have a wrong size", why);
	for (size_t i = 0; i < elf->head.e_phnum; i++) {
		if (!segment_read(elf, i, &segment))
			return fail_torn(elf, "a program header lies behind its end", why);
		if (!elf_holds(elf, segment.p_offset, segment.p_filesz))
			return fail_torn(elf, "a segment ends behind its end", why);
		if (segment.p_type == PT_DYNAMIC)
			*dynamic = segment;
	}
	if (dynamic->p_type == PT_NULL)
		return fail_torn(elf, "it has no dynamic section", why);
	return true;
}

/*
 * Whether the section of section names holds its own. In a file of full size whose tail is not
 * written yet its header, as a rule the last thing in the file, is zero from somewhere on.
 */
static bool names_are_whole(const struct elf *elf, const ElfW(Shdr) * names)
{
	char start[2] = "";

	return names->sh_type == SHT_STRTAB && names->sh_addralign != 0 &&
	       names->sh_name < names->sh_size &&
	       elf_read(elf, names->sh_offset + names->sh_name, start, sizeof(start)) &&
	       memcmp(start, ".s", sizeof(start)) == 0; /* ".shstrtab", or llvm's ".strtab" */
}

static bool check_sections(const struct elf *elf, struct err *why)
{
	ElfW(Shdr) section;

	if (elf->head.e_shnum == 0 || elf->head.e_shentsize != sizeof(section))
		return fail_torn(elf, "it has no section headers (strip leaves them)", why);
	for (size_t i = 0; i < elf->head.e_shnum; i++) {
		if (!section_read(elf, i, &section))
			return fail_torn(elf, "a section header lies behind its end", why);
		if (section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL &&
			!elf_holds(elf, section.sh_offset, section.sh_size))
			return fail_torn(elf, "a section ends behind its end", why);
		if (i == elf->head.e_shstrndx && !names_are_whole(elf, &section))
			return fail_torn(elf, "its section names are missing", why);
	}
	if (elf->head.e_shstrndx >= elf->head.e_shnum)
		return fail_torn(elf, "its section names are missing", why);
	return true;
}

/*
 * Each image with static TLS takes a piece of a small fixed block and, after enough reloads, the
 * next one does not fit.
 */
static bool lint_static_tls(const struct elf *elf, const ElfW(Phdr) * dynamic, struct err *why)
{
	ElfW(Dyn) entry;

	for (uint64_t at = 0; at + sizeof(entry) <= dynamic->p_filesz; at += sizeof(entry)) {
		elf_read(elf, dynamic->p_offset + at, &entry, sizeof(entry));
		if (entry.d_tag == DT_NULL)
			return true;
		if (entry.d_tag != DT_FLAGS || !(entry.d_un.d_val & DF_STATIC_TLS))
			continue;
		err_set(why, ERR_INTERNAL,
			"%s uses static thread-local storage, which fails after some reloads; "
			"compile without -ftls-model=initial-exec, and with -fPIC",
			elf->file);
		return false;
	}
	return true;
}

/* The name of a symbol, cut to what fits in a message. */
static void symbol_name(
	const struct elf *elf, const ElfW(Shdr) * symbols, uint64_t name, char *out, size_t size)
{
	ElfW(Shdr) names;
	size_t len = 0;

	if (section_read(elf, symbols->sh_link, &names))
		while (len + 1 < size &&
			elf_read(elf, names.sh_offset + name + len, &out[len], 1) &&
			out[len] != '\0')
			len++;
	out[len] = '\0';
}

/*
 * The loader keeps one copy of a unique symbol for the whole process: the new version of a plugin
 * would run on the old one's statics.
 */
static bool lint_symbols(const struct elf *elf, const ElfW(Shdr) * symbols, struct err *why)
{
	ElfW(Sym) symbol;
	char name[64];

	for (uint64_t at = 0; at + sizeof(symbol) <= symbols->sh_size; at += sizeof(symbol)) {
		elf_read(elf, symbols->sh_offset + at, &symbol, sizeof(symbol));
		/* The binding is in the same bits in both classes. */
		if (ELF64_ST_BIND(symbol.st_info) != STB_GNU_UNIQUE || symbol.st_shndx == SHN_UNDEF)
			continue;
		symbol_name(elf, symbols, symbol.st_name, name, sizeof(name));
		err_set(why, ERR_INTERNAL,
			"%s has the unique symbol %s, so a reload would go on with the old "
			"version's data; compile with -fno-gnu-unique -fvisibility=hidden",
			elf->file, name);
		return false;
	}
	return true;
}

static bool lint(const struct elf *elf, const ElfW(Phdr) * dynamic, struct err *why)
{
	ElfW(Shdr) section;

	if (!lint_static_tls(elf, dynamic, why))
		return false;
	for (size_t i = 0; i < elf->head.e_shnum; i++)
		if (section_read(elf, i, &section) && section.sh_type == SHT_DYNSYM &&
			!lint_symbols(elf, &section, why))
			return false;
	return true;
}

bool elf_check(const char *file, struct span bytes, struct err *why)
{
	struct elf elf = {.file = file, .bytes = bytes};
	ElfW(Phdr) dynamic = {0};

	return check_kind(&elf, why) && check_segments(&elf, &dynamic, why) &&
	       check_sections(&elf, why) && lint(&elf, &dynamic, why);
}

/* ---- names ----------------------------------------------------------------------------------- */

/* NULL when it is not whole. */
static const char *text_at(const struct elf *elf, const ElfW(Shdr) * texts, uint64_t at)
{
	if (at >= texts->sh_size || !elf_holds(elf, texts->sh_offset, texts->sh_size) ||
		memchr(elf->bytes.ptr + texts->sh_offset + at, '\0', texts->sh_size - at) == NULL)
		return NULL;
	return elf->bytes.ptr + texts->sh_offset + at;
}

static void names_add(struct elf_names *out, const ElfW(Dyn) * entry, const char *text)
{
	const unsigned max = sizeof(out->needed) / sizeof(out->needed[0]);

	if (entry->d_tag == DT_SONAME)
		out->soname = text;
	else if (entry->d_tag == DT_RUNPATH || (entry->d_tag == DT_RPATH && !out->runpath))
		out->runpath = text;
	else if (entry->d_tag == DT_NEEDED && text != NULL && out->needed_count < max)
		out->needed[out->needed_count++] = text;
}

void elf_names_read(struct elf_names *out, struct span bytes)
{
	struct elf elf = {.bytes = bytes};
	ElfW(Shdr) section, texts;
	ElfW(Dyn) entry;

	memset(out, 0, sizeof(*out));
	if (!elf_read(&elf, 0, &elf.head, sizeof(elf.head)))
		return;
	for (size_t i = 0; i < elf.head.e_shnum; i++) {
		if (!section_read(&elf, i, &section) || section.sh_type != SHT_DYNAMIC ||
			!section_read(&elf, section.sh_link, &texts))
			continue;
		for (uint64_t at = 0; at + sizeof(entry) <= section.sh_size; at += sizeof(entry)) {
			if (!elf_read(&elf, section.sh_offset + at, &entry, sizeof(entry)) ||
				entry.d_tag == DT_NULL)
				break;
			names_add(out, &entry, text_at(&elf, &texts, entry.d_un.d_val));
		}
	}
}

/* ---- unloading ------------------------------------------------------------------------------- */

/* Functions of the C library that keep an address of their caller until the end of the process. */
static const struct {
	const char *name;
	const char *undo; /* who calls this, too, is trusted to take the address back */
	const char *reason;
} keepers[] = {
	{"on_exit", NULL,
		"it calls on_exit, which would call it at the end of the process; use .stop"},
	{"pthread_key_create", "pthread_key_delete",
		"it makes pthread keys, whose destructors run when a thread ends, and deletes "
		"none; call pthread_key_delete in .stop"},
	{"tss_create", "tss_delete",
		"it makes thread-specific storage, whose destructors run when a thread ends, and "
		"deletes none; call tss_delete in .stop"},
};

static bool imports_from(const struct elf *elf, const ElfW(Shdr) * symbols, const char *wanted)
{
	ElfW(Sym) symbol;
	char name[64];

	for (uint64_t at = 0; at + sizeof(symbol) <= symbols->sh_size; at += sizeof(symbol)) {
		elf_read(elf, symbols->sh_offset + at, &symbol, sizeof(symbol));
		if (symbol.st_shndx != SHN_UNDEF)
			continue;
		symbol_name(elf, symbols, symbol.st_name, name, sizeof(name));
		if (strcmp(name, wanted) == 0)
			return true;
	}
	return false;
}

static bool imports(const struct elf *elf, const char *wanted)
{
	ElfW(Shdr) section;

	for (size_t i = 0; i < elf->head.e_shnum; i++)
		if (section_read(elf, i, &section) && section.sh_type == SHT_DYNSYM &&
			imports_from(elf, &section, wanted))
			return true;
	return false;
}

bool elf_may_unload(struct span bytes, struct err *why)
{
	struct elf elf = {.bytes = bytes};

	if (!elf_read(&elf, 0, &elf.head, sizeof(elf.head)))
		return true;
	for (size_t i = 0; i < sizeof(keepers) / sizeof(keepers[0]); i++) {
		if (!imports(&elf, keepers[i].name) ||
			(keepers[i].undo != NULL && imports(&elf, keepers[i].undo)))
			continue;
		err_set(why, ERR_INTERNAL, "%s", keepers[i].reason);
		return false;
	}
	return true;
}
