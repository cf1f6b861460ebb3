/*
 * freed - a library to preload that reports freed memory with a secret in it.
 *
 * FREED_NEEDLES: the beginnings of secrets, with blanks between. FREED_LOG: gets a line for each
 * block, with the caller of free and the needle. Allocated memory must not keep its old content
 * (MALLOC_PERTURB_, no tcache), or its next owner is blamed.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void __libc_free(void *);
extern void *__libc_realloc(void *, size_t);

void	freed_look(const void *p, size_t n, const void *caller);

void
freed_look(const void *p, size_t n, const void *caller)
{
	const char *needle = getenv("FREED_NEEDLES");
	char line[512];
	Dl_info who;

	while (needle && *needle) {
		size_t len = strcspn(needle, " ");

		if (memmem(p, n, needle, len)) {
			const char *name =
			    dladdr(caller, &who) && who.dli_fname ? who.dli_fname : "?";
			int fd = open(getenv("FREED_LOG"),
			    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
			int size = snprintf(line, sizeof(line), "%s +%#tx %.*s\n", name,
			    (const char *)caller - (const char *)who.dli_fbase, (int)len, needle);

			if (fd < 0 || write(fd, line, (size_t)size) < 0)
				_exit(99);
			close(fd);
			return;
		}
		needle += len + (needle[len] != '\0');
	}
}

void
free(void *p)
{
	if (p)
		freed_look(p, malloc_usable_size(p), __builtin_return_address(0));
	__libc_free(p);
}

void *
realloc(void *p, size_t n)
{
	size_t old = p ? malloc_usable_size(p) : 0;
	char *copy = old ? malloc(old) : NULL;

	if (copy)
		memcpy(copy, p, old);
	void *q = __libc_realloc(p, n);
	if (copy && q != p)
		freed_look(copy, old, __builtin_return_address(0));
	if (copy)
		explicit_bzero(copy, old);
	__libc_free(copy);
	return q;
}
