/*
 * Two processes share a cache. Each finds the finished files of the other, and neither waits for
 * the other, even if that one fills the same file, dies, stands still or holds every lock. After a
 * kill at any point all reads are right. ROUNDS is the number of kills.
 *
 * The processes are this program again. Each takes commands from its standard input, a line each,
 * and answers on its standard output:
 *	get NAME SIZE		opens a blob			got RC
 *	start			asks for its first byte		started
 *	read FROM TO		reads, in a thread of its own	read HOW-FAR-OR-ERROR
 *	drop NAME		store_drop			dropped
 *	fill send N, fill other N, fill restart, fill end RC
 *				steps of its fill; answers the first three: filled N
 *	begun			how many fills it began		begun N
 *	kept			bytes that the cache has	kept N
 * At the end of its input it closes the store and exits.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/clock.h"
#include "auth/log.h"
#include "source.h"
#include "tap.h"

#define MIB	(1024 * 1024ull)
#define HELD	STORE_HELD_BACK

static char dir[] = "/tmp/sffs-a43.XXXXXX";

/*
 * The process that takes commands.
 */

static FILE *to_fill;		/* the commands that its fill reads from from_fill */
static FILE *from_fill;
static atomic_int begun;
static pthread_mutex_t saying = PTHREAD_MUTEX_INITIALIZER;

__attribute__((format(printf, 1, 2)))
static void
say(const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&saying);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	pthread_mutex_unlock(&saying);
}

static int
fill_as_told(void *ctx, struct blob *b)
{
	char line[100], what[20];
	long long n = 0;
	int rc = 0;

	(void)ctx;
	begun++;
	while (rc == 0 && fgets(line, sizeof(line), from_fill) &&
	    sscanf(line, "%19s %lld", what, &n) >= 1) {
		if (strcmp(what, "end") == 0)
			return (int)n;
		if (strcmp(what, "restart") == 0)
			rc = blob_restart(b);
		else
			rc = source_send(strcmp(what, "other") == 0 ? source_other : source_table,
			    b, (uint64_t)n);
		if (rc == 0)
			say("filled %lld", (long long)blob_filled(b));
	}
	return rc;
}

struct reading { pthread_t thread; struct blob *blob; unsigned long long from, to; };

static void *
read_as_told(void *ctx)
{
	struct reading *r = ctx;

	say("read %lld", (long long)source_read(r->blob, r->from, r->to));
	return NULL;
}

static int
be_told(const char *where)
{
	struct store *store = NULL;
	struct blob *b = NULL;
	char line[200], name[100], md5[33];
	struct reading readings[8];
	unsigned long long size, from, to;
	int ends[2], n = 0;

	if (pipe(ends) < 0 || !(from_fill = fdopen(ends[0], "r")) ||
	    !(to_fill = fdopen(ends[1], "w")))
		return 1;
	store_open(&(struct store_options){ .dir = where, .limit = 1000 * MIB, .fetches = 4 },
	    &store);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "get %99s %llu", name, &size) == 2) {
			source_md5(size, md5);
			blob_put(b);
			b = NULL;
			say("got %d",
			    store_get(store,
				&(struct store_want){ .name = name,
				    .size = size,
				    .md5 = md5,
				    .class = STORE_FETCH,
				    .fill = fill_as_told },
				&b));
		} else if (strcmp(line, "start\n") == 0) {
			blob_ready(b, 0, 1, NULL);
			say("started");
		} else if (sscanf(line, "read %llu %llu", &from, &to) == 2) {
			readings[n] = (struct reading){ .blob = b, .from = from, .to = to };
			pthread_create(&readings[n].thread, NULL, read_as_told, &readings[n]);
			n++;
		} else if (strncmp(line, "fill ", 5) == 0) {
			fputs(line + 5, to_fill);
			fflush(to_fill);
		} else if (sscanf(line, "drop %99s", name) == 1) {
			store_drop(store, name);
			say("dropped");
		} else if (strcmp(line, "kept\n") == 0) {
			struct store_stats stats;

			store_stats(store, &stats);
			say("kept %llu", (unsigned long long)stats.bytes);
		} else if (strcmp(line, "begun\n") == 0) {
			say("begun %d", begun);
		}
	}
	fclose(to_fill);		/* a fill that waits for commands gets no more */
	store_stop(store);
	while (n > 0)
		pthread_join(readings[--n].thread, NULL);
	blob_put(b);
	store_close(store);
	return 0;
}

/*
 * Sending commands.
 */

struct peer {
	pid_t	 pid;
	FILE	*to, *from;
	char	 other[100];	/* an answer that came before the expected one */
};

static void
peer_start(struct peer *p, const char *mode)
{
	int to[2], from[2];

	*p = (struct peer){ .pid = -1 };
	if (pipe(to) < 0 || pipe(from) < 0 || (p->pid = fork()) < 0)
		exit(1);
	if (p->pid == 0) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		for (int fd = 3; fd < 64; fd++) /* a peer must see the end of another's pipes */
			close(fd);
		execl(program_invocation_name, program_invocation_name, mode, dir, NULL);
		_exit(1);
	}
	close(to[0]);
	close(from[1]);
	p->to = fdopen(to[1], "w");
	p->from = fdopen(from[0], "r");
}

static void
peer_end(struct peer *p)
{
	if (p->to)
		fclose(p->to);
	waitpid(p->pid, NULL, 0);
	fclose(p->from);
}

static void
peer_kill(struct peer *p)
{
	kill(p->pid, SIGKILL);
	peer_end(p);
}

__attribute__((format(printf, 2, 3)))
static void
tell(struct peer *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(p->to, fmt, ap);
	va_end(ap);
	fputc('\n', p->to);
	fflush(p->to);
}

/* The number in an answer that begins with `word`. */
static long long
hear(struct peer *p, const char *word)
{
	char line[100];
	size_t n = strlen(word);

	if (strncmp(p->other, word, n) == 0) {
		strcpy(line, p->other);
		p->other[0] = '\0';
		return strtoll(line + n, NULL, 10);
	}
	while (fgets(line, sizeof(line), p->from)) {
		if (strncmp(line, word, n) == 0)
			return strtoll(line + n, NULL, 10);
		strcpy(p->other, line);
	}
	return -9999;
}

static long long
ask(struct peer *p, const char *question, const char *word)
{
	tell(p, "%s", question);
	return hear(p, word);
}

static struct peer a, b;

static long long
read_to(struct peer *p, uint64_t to)
{
	tell(p, "read 0 %llu", (unsigned long long)to);
	return hear(p, "read");
}

static long long
fill_to(struct peer *p, const char *what, uint64_t to)
{
	tell(p, "fill %s %llu", what, (unsigned long long)to);
	return hear(p, "filled");
}

static void
get_blob(struct peer *p, const char *name, uint64_t size)
{
	tell(p, "get %s %llu", name, (unsigned long long)size);
	hear(p, "got");
}

/* Both have the blob open; a fills it and has sent `sent` bytes. */
static void
begin(const char *name, uint64_t size, uint64_t sent)
{
	alarm(120);
	peer_start(&a, "told");
	peer_start(&b, "told");
	get_blob(&a, name, size);
	get_blob(&b, name, size);
	ask(&a, "start", "started");
	is_int(fill_to(&a, "send", sent), (long long)sent, name);
}

static bool
is_clean(void)
{
	char command[128];

	snprintf(command, sizeof(command), "ls %s/filling | grep -q .", dir);
	return system(command) != 0;
}

static void
open_and_close(void)
{
	struct store *store = NULL;

	store_open(&(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 1 },
	    &store);
	store_close(store);
}

static void
end(void)
{
	peer_end(&a);
	peer_end(&b);
	open_and_close();
	ok(is_clean(), "no file is left of it");
	alarm(0);
}

/* b goes on with a fill of its own, to the end. */
static void
fill_b(uint64_t size)
{
	ask(&b, "start", "started");
	fill_to(&b, "send", size);
	tell(&b, "fill end 0");
	is_int(read_to(&b, size), (long long)size, "a second process fills and reads the blob");
}

static void
check_finished(void)
{
	begin("068-finished", 3 * MIB, MIB);
	open_and_close();		/* a third process removes the files of dead ones */
	fill_to(&a, "send", 3 * MIB);
	tell(&a, "fill end 0");
	is_int(read_to(&a, 3 * MIB), 3 * MIB, "one process fills the blob");
	is_int(read_to(&b, 3 * MIB), 3 * MIB,
	    "the other process, which had opened it before, reads it");
	is_int(ask(&a, "begun", "begun") + ask(&b, "begun", "begun"), 1,
	    "two processes make one transfer");
	is_int(ask(&a, "kept", "kept"), 3 * MIB, "the first process counts the bytes");
	is_int(ask(&b, "kept", "kept"), 3 * MIB, "the second process counts the bytes");
	ask(&b, "drop 068-finished", "dropped");
	is_int(ask(&a, "kept", "kept"), 0, "after one process drops the blob none counts it");
	is_int(read_to(&a, 3 * MIB), 3 * MIB, "a process that has the dropped blob open reads it");
	end();
}

static void
check_both(void)
{
	begin("068-both", 3 * MIB, MIB);
	fill_b(3 * MIB);
	fill_to(&a, "send", 3 * MIB);
	tell(&a, "fill end 0");
	is_int(read_to(&a, 3 * MIB), 3 * MIB, "the process that began first reads its own bytes");
	is_int(ask(&a, "begun", "begun") + ask(&b, "begun", "begun"), 2,
	    "two processes that read at once make two transfers");
	is_int(ask(&a, "kept", "kept"), 3 * MIB, "the two transfers count once");
	ask(&b, "drop 068-both", "dropped");
	is_int(ask(&a, "kept", "kept"), 0, "the two transfers are one file");
	end();
}

static void
check_wrong(void)
{
	begin("068-wrong", 3 * MIB, 2 * MIB);
	fill_to(&a, "other", 3 * MIB);
	tell(&a, "fill end 0");
	fill_to(&a, "other", 3 * MIB);
	tell(&a, "fill end 0");
	tell(&a, "read %llu %llu", 3 * MIB - 1, 3 * MIB);
	is_int(hear(&a, "read"), -EIO, "bytes that are wrong twice are an error for their reader");
	fill_b(3 * MIB);
	end();
}

static void
check_death(void)
{
	begin("068-death", 3 * MIB, 2 * MIB);
	peer_kill(&a);
	ok(!is_clean(), "a killed process leaves a file");
	fill_b(3 * MIB);
	peer_start(&a, "told");
	get_blob(&a, "068-death", 3 * MIB);
	ok(is_clean(), "the next process removes the file of a killed one");
	is_int(read_to(&a, 3 * MIB), 3 * MIB,
	    "the next process reads what the killed one had filled");
	is_int(ask(&a, "begun", "begun"), 0, "it does so without a transfer");
	end();
}

/* Takes every lock there is, as another process. */
static void
hold_locks(int fds[4])
{
	static const char *const dirs[] = { "", "/files", "/filling" };
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[128];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", dir, dirs[i]);
		fds[i] = open(path, O_RDONLY | O_DIRECTORY);
		flock(fds[i], LOCK_EX);
	}
	snprintf(path, sizeof(path), "%s/usage", dir);
	fds[3] = open(path, O_RDWR);
	flock(fds[3], LOCK_EX);
	fcntl(fds[3], F_OFD_SETLK, &all);
}

static void
check_stopped(void)
{
	int fds[4];

	begin("068-stopped", 3 * MIB, 2 * MIB);
	long long before = ask(&b, "kept", "kept");
	kill(a.pid, SIGSTOP);
	hold_locks(fds);
	const int64_t from = clock_ms();
	fill_b(3 * MIB);
	is_int(ask(&b, "kept", "kept"), before + 3 * MIB,
	    "beside a stopped process another one counts its bytes");
	get_blob(&b, "068-more", MIB);
	fill_b(MIB);
	ask(&b, "drop 068-more", "dropped");
	is_int(ask(&b, "kept", "kept"), before + 3 * MIB,
	    "beside a stopped process another one drops a blob");
	struct store *store = NULL;
	store_open(&(struct store_options){ .dir = dir, .limit = MIB, .fetches = 1 }, &store);
	bool gone = false;
	while (!gone && clock_ms() < from + 10000)
		gone = !store_has(store, "068-death", 3 * MIB);
	store_close(store);
	ok(gone, "beside a stopped process a third one evicts");
	ok(clock_ms() < from + 10000, "none of them waits for the stopped process");
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	kill(a.pid, SIGCONT);
	fill_to(&a, "send", 3 * MIB);
	tell(&a, "fill end 0");
	is_int(read_to(&a, 3 * MIB), 3 * MIB, "the stopped process reads what it began");
	end();
}

/*
 * Killed at any point. The victim fills one blob after the other, restarts and drops. It reports
 * each byte, so that the random moment is a point in its work, not in time.
 */

#define BLOBS 12

static uint64_t
size_of(int i)
{
	static const uint64_t sizes[] = { 1, 5000, HELD, HELD + 1, MIB, 3 * MIB + 17 };

	return sizes[i % 6];
}

static int
fill_and_tell(void *ctx, struct blob *blob)
{
	const uint64_t *size = ctx;
	uint64_t off;
	int rc = 0;

	while (rc == 0 && (off = blob_filled(blob)) < *size) {
		uint64_t left = *size - off;

		rc = source_send(source_table, blob, off + (left < 30000 ? left : 30000));
		if (write(STDOUT_FILENO, ".", 1) < 0)
			return -EIO;
		if (rc == 0 && off > 2 * MIB && off < 2 * MIB + 30000)
			rc = blob_restart(blob);
	}
	return rc;
}

static int
be_killed(const char *where)
{
	struct store *store = NULL;

	store_open(&(struct store_options){ .dir = where, .limit = 1000 * MIB, .fetches = 2 },
	    &store);
	for (int i = 0;; i = (i + 1) % BLOBS) {
		uint64_t size = size_of(i);
		char name[32], md5[33];
		struct blob *blob = NULL;

		snprintf(name, sizeof(name), "068-victim-%d", i);
		source_md5(size, md5);
		store_drop(store, name);
		store_get(store,
		    &(struct store_want){ .name = name,
			.size = size,
			.md5 = md5,
			.fill = fill_and_tell,
			.ctx = &size },
		    &blob);
		if (source_read(blob, 0, size) != (int64_t)size || write(STDOUT_FILENO, "+", 1) < 0)
			return 1;
		blob_put(blob);
	}
}

static int
check_all(struct store *store, struct source *s[BLOBS])
{
	int good = 0;

	for (int i = 0; i < BLOBS; i++) {
		char name[32];
		struct blob *blob = NULL;

		snprintf(name, sizeof(name), "068-victim-%d", i);
		source_get(store, name, size_of(i), s[i], &blob);
		good += source_read(blob, 0, size_of(i)) == (int64_t)size_of(i);
		blob_put(blob);
	}
	return good;
}

static void
check_kills(void)
{
	const char *rounds = getenv("ROUNDS"), *seed = getenv("SEED");
	unsigned random = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)getpid();
	int n = rounds ? atoi(rounds) : 10, good = 0, clean = 0;
	struct source *s[BLOBS];

	printf("# SEED=%u\n", random);
	for (int i = 0; i < BLOBS; i++)
		s[i] = SOURCE({ SEND, size_of(i) });
	for (int i = 0; i < n; i++) {
		struct store *store = NULL;
		struct peer victim;

		peer_start(&victim, "victim");
		for (int j = rand_r(&random) % 500; j > 0 && getc(victim.from) != EOF; j--)
			continue;
		peer_kill(&victim);
		store_open(&(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 2 },
		    &store);
		clean += is_clean();
		good += check_all(store, s) == BLOBS;
		store_close(store);
	}
	is_int(good, n, "after a kill -9 at a random point everything is read right");
	is_int(clean, n, "after a kill -9 unfinished files are removed at the next start");
}

int
main(int argc, char **argv)
{
	log_level_set(getenv("V") ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3)
		return strcmp(argv[1], "victim") == 0 ? be_killed(argv[2]) : be_told(argv[2]);
	if (!mkdtemp(dir))
		return 1;
	check_finished();
	check_both();
	check_wrong();
	check_death();
	check_stopped();
	check_kills();
	char clean[64];
	snprintf(clean, sizeof(clean), "rm -rf %s", dir);
	return system(clean) != 0 || tap_done();
}
