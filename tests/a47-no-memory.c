/*
 * For a while OpenSSL gets no memory, from any of its allocations on. The next read is right.
 */
#include <openssl/crypto.h>
#include <sys/wait.h>
#include <unistd.h>

#include "source.h"
#include "tap.h"

#define SIZE	100
#define MD5	"533101bb140ef01732a98149e6e1d217"
#define FIRST	4000		/* no later allocation is tried as the first one that fails */

static atomic_int left = -1;	/* so many allocations succeed; -1: all do */

static bool
fails(void)
{
	if (left > 0)
		left--;
	return left == 0;
}

static void *
get(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : malloc(n);
}

static void *
change(void *p, size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return fails() ? NULL : realloc(p, n);
}

static void
put(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

static int64_t
read_all(struct store *s, struct source *source)
{
	struct blob *b = NULL;
	int rc = store_get(s,
	    &(struct store_want){ .name = "068-no-memory",
		.size = SIZE,
		.md5 = MD5,
		.class = STORE_FETCH,
		.fill = source_fill,
		.ctx = source,
		.free_ctx = source_free },
	    &b);
	int64_t got = rc < 0 ? rc : source_read(b, 0, SIZE);

	blob_put(b);
	return got;
}

/* Runs in a new process, which has used nothing of OpenSSL yet. */
static bool
recovers(int first)
{
	static char dir[] = "/tmp/sffs-a47.XXXXXX";
	char command[64];
	struct store *s = NULL;
	pid_t pid = fork();
	int status = 1;

	if (pid == 0) {
		if (!mkdtemp(dir) || store_open(&(struct store_options){ .dir = dir,
					 .limit = 1 << 20, .fetches = 1 }, &s) < 0)
			_exit(2);
		struct source *source = SOURCE({ SEND, SIZE });
		left = first;
		int64_t got = read_all(s, source);
		left = -1;
		if (got != SIZE)
			got = read_all(s, source);
		store_close(s);
		snprintf(command, sizeof(command), "rm -rf %s", dir);
		_exit(system(command) != 0 || got != SIZE);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

int
main(void)
{
	int bad = 0;

	if (!CRYPTO_set_mem_functions(get, change, put))
		return 1;
	for (int first = 1; first <= FIRST && !bad; first += 1 + first / 2)
		bad = recovers(first) ? 0 : first;
	is_int(bad, 0, "a check that failed for lack of memory works the next time");
	return tap_done();
}
