/*
 * Two processes share a cache: one transfer a version, read in both while it comes; one dies, the
 *other goes on; killed at any point, what is read afterwards is right. ROUNDS says how many kills.
 *
 * The processes are this program again. One is told on its standard input, a line a command, and
 *answers on its standard output: get NAME SIZE	opens a blob				got RC start
 *asks for its first byte			started read FROM TO	reads, in a thread of its
 *own		read HOW-FAR-OR-ERROR
 *	fill send N, fill other N, fill restart, fill end RC	what its fill is to do; the first
 *three are answered: filled N begun		how many fills it began			begun N At
 *the end of its input it closes the store and exits.
 */
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include "auth/log.h"
#include "source.h"
#include "tap.h"

#define MIB	(1024 * 1024ull)
#define HELD	STORE_HELD_BACK

static char dir[] = "/tmp/sffs-a43.XXXXXX";

/*
 * The process that is told.
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
	store_open(
	    &(struct store_options){ .dir = where, .limit = 1000 * MIB, .fetches = 4 }, &store);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "get %99s %llu", name, &size) == 2) {
			source_md5(size, md5);
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
 * Telling.
 */

struct peer {
	pid_t	 pid;
	FILE	*to, *from;
	char	 other[100];	/* an answer that came before the one that was asked for */
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
		execl("/proc/self/exe", "a43-store-shared", mode, dir, NULL);
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

/* The number behind an answer that begins with `word`. */
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

/* Both have the blob open; a fills it and has sent `sent` bytes, of which b has read all that it
 * may. */
static void
begin(const char *name, uint64_t size, uint64_t sent)
{
	peer_start(&a, "told");
	peer_start(&b, "told");
	tell(&a, "get %s %llu", name, (unsigned long long)size);
	tell(&b, "get %s %llu", name, (unsigned long long)size);
	hear(&a, "got");
	hear(&b, "got");
	ask(&a, "start", "started");
	tell(&a, "fill send %llu", (unsigned long long)sent);
	is_int(hear(&a, "filled"), (long long)sent, name);
	uint64_t may = sent < size - HELD ? sent : size - HELD;
	tell(&b, "read 0 %llu", (unsigned long long)may);
	is_int(hear(&b, "read"), (long long)may, "the other process reads what has landed");
	is_int(ask(&b, "begun", "begun"), 0, "without a transfer of its own");
}

static void
end(void)
{
	struct store *store = NULL;

	peer_end(&a);
	peer_end(&b);
	store_open(
	    &(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 1 }, &store);
	store_close(store);
	char command[128];
	snprintf(command, sizeof(command), "ls %s/filling | grep -q .", dir);
	ok(system(command) != 0, "nothing is left of it");
}

static void
check_follow(void)
{
	begin("068-follow", 3 * MIB, MIB);
	tell(&b, "read 0 %llu", 3 * MIB);
	tell(&a, "fill send %llu", 3 * MIB);
	hear(&a, "filled");
	tell(&a, "fill end 0");
	is_int(hear(&b, "read"), 3 * MIB, "and to the end, when that has come and is checked");
	tell(&a, "read 0 %llu", 3 * MIB);
	is_int(hear(&a, "read"), 3 * MIB, "so does the one that fills");
	is_int(ask(&a, "begun", "begun") + ask(&b, "begun", "begun"), 1, "one transfer for both");
	end();
}

static void
check_wrong(void)
{
	begin("068-wrong", 3 * MIB, 2 * MIB);
	tell(&a, "fill other %llu", 3 * MIB);
	hear(&a, "filled");
	tell(&b, "read %llu %llu", 3 * MIB - HELD, 3 * MIB);
	tell(&a, "fill end 0");
	tell(&a, "fill send %llu", 2 * MIB);	/* as b has it, which may look now or later */
	is_int(hear(&a, "filled"), 2 * MIB, "what turns out wrong comes once more");
	tell(&a, "fill other %llu", 3 * MIB);
	hear(&a, "filled");
	tell(&a, "fill end 0");
	/* Its end was never released: b finds that a gave up, and fetches it. */
	tell(&b, "fill send %llu", 3 * MIB);
	is_int(
	    hear(&b, "filled"), 3 * MIB, "and if it is wrong again it is fetched by the other one");
	tell(&b, "fill end 0");
	is_int(
	    hear(&b, "read"), 3 * MIB, "whose reader, who got nothing of it, gets what is right");
	tell(&a, "read 0 %llu", 3 * MIB);
	is_int(hear(&a, "read"), -EIO, "the first one's is told");
	end();
}

static void
check_wrong_once(void)
{
	begin("068-once", 3 * MIB, 2 * MIB);
	tell(&a, "fill other %llu", 3 * MIB);
	hear(&a, "filled");
	tell(&b, "read %llu %llu", 3 * MIB - HELD, 3 * MIB);	/* nothing of what is wrong */
	tell(&a, "fill end 0");
	tell(&a, "fill send %llu", 3 * MIB);
	is_int(hear(&a, "filled"), 3 * MIB, "what turns out wrong comes once more");
	tell(&a, "fill end 0");
	is_int(hear(&b, "read"), 3 * MIB, "and is right: the other process reads on");
	is_int(ask(&b, "begun", "begun"), 0, "without a transfer of its own");
	end();
}

static void
check_death(void)
{
	begin("068-death", 3 * MIB, 2 * MIB);
	tell(&b, "read %llu %llu", MIB, 3 * MIB);
	peer_kill(&a);
	tell(&b, "fill send %llu", MIB / 2);
	is_int(
	    hear(&b, "filled"), MIB / 2, "when the one that fills is killed, the other takes over");
	tell(&b, "read 0 %llu", 2 * MIB);
	is_int(hear(&b, "read"), 2 * MIB, "what it had read it can read meanwhile");
	tell(&b, "fill send %llu", 3 * MIB);
	hear(&b, "filled");
	tell(&b, "fill end 0");
	is_int(hear(&b, "read"), 3 * MIB, "and then the rest");
	peer_start(&a, "told");
	tell(&a, "get 068-death %llu", 3 * MIB);
	tell(&a, "read 0 %llu", 3 * MIB);
	is_int(hear(&a, "read"), 3 * MIB, "a process that starts now finds it whole");
	is_int(ask(&a, "begun", "begun"), 0, "without a transfer");
	end();
}

static void
check_death_with_other_bytes(void)
{
	begin("068-mixed", 3 * MIB, 2 * MIB);
	tell(&b, "read %llu %llu", MIB, 3 * MIB);
	peer_kill(&a);
	tell(&b, "fill other %llu", MIB / 2);
	hear(&b, "filled");
	tell(&b, "fill other %llu", 3 * MIB);
	is_int(hear(&b, "read"), -EIO, "other bytes than were read before are no file");
	peer_start(&a, "told");
	end();
}

static void
check_restart(void)
{
	begin("068-restart", 3 * MIB, 2 * MIB);
	tell(&a, "fill restart");
	hear(&a, "filled");
	tell(&b, "read %llu %llu", MIB, 3 * MIB);
	tell(&a, "fill send %llu", MIB);
	hear(&a, "filled");
	tell(&a, "fill send %llu", 3 * MIB);
	hear(&a, "filled");
	tell(&a, "fill end 0");
	is_int(hear(&b, "read"), 3 * MIB, "a transfer that begins anew is followed anew");
	is_int(ask(&a, "begun", "begun") + ask(&b, "begun", "begun"), 1, "one transfer for both");
	end();
}

static void
check_failure(void)
{
	begin("068-failure", 3 * MIB, 2 * MIB);
	tell(&b, "read %llu %llu", MIB, 3 * MIB);
	tell(&a, "fill end %d", -ETIMEDOUT);
	tell(&b, "fill send %llu", 3 * MIB);
	is_int(hear(&b, "filled"), 3 * MIB, "when one fails, the other tries");
	tell(&b, "fill end 0");
	is_int(hear(&b, "read"), 3 * MIB, "and reads");
	tell(&a, "read 0 1");
	is_int(hear(&a, "read"), -ETIMEDOUT, "the one that failed says why");
	end();
}

static void
check_close(void)
{
	begin("068-unmounted", 3 * MIB, 2 * MIB);
	tell(&b, "read %llu %llu", MIB, 3 * MIB);
	peer_end(&a);
	tell(&b, "fill send %llu", 3 * MIB);
	is_int(hear(&b, "filled"), 3 * MIB, "when one closes, the other takes over");
	tell(&b, "fill end 0");
	is_int(hear(&b, "read"), 3 * MIB, "and reads");
	peer_start(&a, "told");
	end();
}

static void
check_leave(void)
{
	begin("068-left", 3 * MIB, 2 * MIB);
	tell(&b, "read %llu %llu", MIB, 3 * MIB);
	fclose(b.to);
	b.to = NULL;
	is_int(hear(&b, "read"), -EINTR, "one that follows can close while the other stands still");
	tell(&a, "fill send %llu", 3 * MIB);
	hear(&a, "filled");
	tell(&a, "fill end 0");
	tell(&a, "read 0 %llu", 3 * MIB);
	is_int(hear(&a, "read"), 3 * MIB, "who goes on to the end");
	end();
}

/*
 * Killed at any point. The victim fills one blob after the other, restarts and drops, and tells
 * what it does byte by byte, so that the random moment is one in its work, not one in time.
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

	store_open(
	    &(struct store_options){ .dir = where, .limit = 1000 * MIB, .fetches = 2 }, &store);
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
		char command[128];

		peer_start(&victim, "victim");
		for (int j = rand_r(&random) % 500; j > 0 && getc(victim.from) != EOF; j--)
			continue;
		peer_kill(&victim);
		store_open(&(struct store_options){ .dir = dir, .limit = 1000 * MIB, .fetches = 2 },
		    &store);
		snprintf(command, sizeof(command), "ls %s/filling | grep -q .", dir);
		clean += system(command) != 0;
		good += check_all(store, s) == BLOBS;
		store_close(store);
	}
	is_int(good, n, "after a kill -9 at a random point everything is read right");
	is_int(clean, n, "and what was unfinished is removed at the next start");
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
	check_follow();
	check_wrong();
	check_wrong_once();
	check_death();
	check_death_with_other_bytes();
	check_restart();
	check_failure();
	check_close();
	check_leave();
	check_kills();
	char clean[64];
	snprintf(clean, sizeof(clean), "rm -rf %s", dir);
	return system(clean) != 0 || tap_done();
}
