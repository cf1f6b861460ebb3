/*
 * failing - a library to preload that makes system calls and allocations fail at random.
 *
 * The variable FAILING names a file with a struct control. A test changes this struct while the
 * program runs; tests/f52-failing.py has the same struct. A hash of the seed and of the number of
 * a call decides whether the call fails, so that one seed gives one sequence.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum kind { MEMORY, OPEN, THREAD, MAP, LARGE, KINDS };	/* LARGE: a mebibyte or more */

struct control {
	uint32_t	 rates[KINDS];	/* of a million; 0: none fails */
	uint32_t	 seed;
	uint32_t	 spare_openssl;	/* OpenSSL 3.0 crashes if its first allocations fail */
	_Atomic uint32_t calls;
	_Atomic uint32_t failed[KINDS];
};

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static struct control *control;
static int (*real_open)(const char *, int, ...), (*real_openat)(int, const char *, int, ...);
static FILE *(*real_fopen)(const char *, const char *);
static int (*real_socket)(int, int, int), (*real_pipe2)(int *, int), (*real_dup3)(int, int, int);
static int (*real_create)(
    pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);

#define REAL(function, name) (*(void **)&(function) = dlsym(RTLD_NEXT, name))

/* Constructors of other libraries may open files before this one runs: fails_for calls it, too. */
__attribute__((constructor)) static void
begin(void)
{
	if (real_mmap)
		return;
	REAL(real_open, "open");
	REAL(real_openat, "openat");
	REAL(real_fopen, "fopen");
	REAL(real_socket, "socket");
	REAL(real_pipe2, "pipe2");
	REAL(real_dup3, "dup3");
	REAL(real_create, "pthread_create");
	REAL(real_mmap, "mmap");
	int fd = getenv("FAILING") ? real_open(getenv("FAILING"), O_RDWR | O_CLOEXEC) : -1;

	void *p = fd < 0 ? MAP_FAILED :
		real_mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	control = p == MAP_FAILED ? NULL : p;
}

static int
is_openssl(const void *caller)
{
	const void *one = dlsym(RTLD_DEFAULT, "CRYPTO_malloc");
	Dl_info a, b;

	return one && dladdr(caller, &a) && dladdr(one, &b) && a.dli_fbase == b.dli_fbase;
}

static int
fails_for(enum kind kind, const void *caller)
{
	if (kind != MEMORY)
		begin();
	if (!control || control->rates[kind] == 0)
		return 0;
	uint64_t x = (uint64_t)control->seed << 32 | control->calls++;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	if ((x >> 32) % 1000000 >= control->rates[kind])
		return 0;
	if (control->spare_openssl && kind == MEMORY && is_openssl(caller))
		return 0;
	control->failed[kind]++;
	errno = kind == OPEN ? EMFILE : kind == THREAD ? EAGAIN : ENOMEM;
	return 1;
}

#define fails(kind) fails_for(kind, __builtin_return_address(0))

void *
malloc(size_t n)
{
	return fails(MEMORY) || (n >= 1 << 20 && fails(LARGE)) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return fails(MEMORY) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	return n > 0 && fails(MEMORY) ? NULL : __libc_realloc(p, n);
}

int
posix_memalign(void **out, size_t alignment, size_t n)
{
	void *p = fails(MEMORY) ? NULL : __libc_memalign(alignment, n);

	if (p)
		*out = p;
	return p ? 0 : ENOMEM;
}

#define OPENS(name)                                                                                \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, flags);                                                               \
		mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;            \
		va_end(ap);                                                                        \
		return fails(OPEN) ? -1 : real_open(path, flags, mode);                            \
	}
#define OPENS_AT(name)                                                                             \
	int name(int at, const char *path, int flags, ...)                                         \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, flags);                                                               \
		mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;            \
		va_end(ap);                                                                        \
		return fails(OPEN) ? -1 : real_openat(at, path, flags, mode);                      \
	}
#define FOPENS(name)                                                                               \
	FILE *name(const char *path, const char *mode)                                             \
	{                                                                                          \
		return fails(OPEN) ? NULL : real_fopen(path, mode);                                \
	}
#define MAPS(name)                                                                                 \
	void *name(void *at, size_t n, int prot, int flags, int fd, off_t off)                     \
	{                                                                                          \
		return fails(MAP) ? MAP_FAILED : real_mmap(at, n, prot, flags, fd, off);           \
	}

OPENS(open)
OPENS(open64)
OPENS(__open_2)
OPENS(__open64_2)
OPENS_AT(openat)
OPENS_AT(openat64)
OPENS_AT(__openat_2)
OPENS_AT(__openat64_2)
FOPENS(fopen)
FOPENS(fopen64)
MAPS(mmap)
MAPS(mmap64)

int
socket(int family, int type, int protocol)
{
	return fails(OPEN) ? -1 : real_socket(family, type, protocol);
}

int
pipe2(int fds[2], int flags)
{
	return fails(OPEN) ? -1 : real_pipe2(fds, flags);
}

int
dup3(int from, int to, int flags)
{
	return fails(OPEN) ? -1 : real_dup3(from, to, flags);
}

int
pthread_create(pthread_t *out, const pthread_attr_t *attr, void *(*run)(void *), void *ctx)
{
	return fails(THREAD) ? EAGAIN : real_create(out, attr, run, ctx);
}
