/* The budget of calls: what counts and for how long, and that processes share the count. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fs/rest/budget.h"
#include "tap.h"

#define QUARTER		(15 * 60)
#define QUARTERS	97

static char path[] = "/tmp/sffs-budget-XXXXXX";

struct quarter { int64_t number, calls; };

static void
write_file(const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		printf("# %s: %s\n", path, strerror(errno));
	close(fd);
}

static uint64_t
used(void)
{
	struct budget *b;
	uint64_t n = UINT64_MAX;

	if (budget_open(path, 0, &b) == 0) {
		n = budget_used(b);
		budget_close(b);
	}
	return n;
}

/* Calls of one quarter, so many quarters ago; and whether they count. */
static void
test_age(void)
{
	static const struct { int64_t ago; bool counts; const char *what;
	} rows[] = {
		{ 0, true, "this quarter counts" },
		{ 1, true, "the last one" },
		{ 95, true, "that of 24 hours ago" },
		{ 97, false, "an older one does not" },
		{ 5000, false, "one of last month" },
		{ -1, true, "one that a clock put ahead has written" },
		{ -500, false, "one from the future" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct quarter q[QUARTERS] = { 0 };
		int64_t number = time(NULL) / QUARTER - rows[i].ago;

		q[number % QUARTERS] = (struct quarter){ number, 7 };
		write_file(q, sizeof(q));
		is_int((int64_t)used(), rows[i].counts ? 7 : 0, rows[i].what);
	}
}

static void
test_damage(void)
{
	struct quarter q[QUARTERS];

	write_file("", 0);
	is_int((int64_t)used(), 0, "an empty file is no calls");
	write_file("nonsense", 8);
	is_int((int64_t)used(), 0, "a short one");
	memset(q, 0xff, sizeof(q));
	write_file(q, sizeof(q));
	is_int((int64_t)used(), 0, "one of nonsense");
}

static void
test_limit(void)
{
	struct budget *b, *other;
	int64_t again = 0, now = time(NULL);

	unlink(path);
	ok(budget_open(path, 3, &b) == 0 && budget_open(path, 3, &other) == 0, "two of one file");
	ok(budget_take(b, &again) == 0 && budget_take(other, &again) == 0, "each takes a call");
	is_int((int64_t)budget_used(b), 2, "both are counted");
	budget_give_back(other);
	is_int((int64_t)budget_used(b), 1, "one is given back");
	ok(budget_take(b, &again) == 0 && budget_take(b, &again) == 0, "up to the limit");
	is_int(budget_take(b, &again), -EDQUOT, "no more");
	is_int(budget_take(other, &again), -EDQUOT, "for either");
	ok(again > now + 24 * 3600 && again <= now + 24 * 3600 + 2 * QUARTER,
	    "until these are 24 hours old");
	budget_close(b);
	budget_close(other);
	is_int((int64_t)used(), 3, "and it is kept");
}

static void
test_processes(void)
{
	struct budget *b;
	int64_t again;

	unlink(path);
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			if (budget_open(path, 300, &b) < 0)
				_exit(1);
			for (int j = 0; j < 100; j++)
				budget_take(b, &again);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		continue;
	is_int((int64_t)used(), 300, "four processes take as many as there are, and no more");
}

static void *
take_one(void *ctx)
{
	int64_t again;

	budget_take(ctx, &again);
	return NULL;
}

/* Another mount that is stopped while it has the file locked: who looks does not wait for it. */
static void
test_locked(void)
{
	struct budget *b;
	int64_t again;
	pthread_t taker;

	alarm(60);		/* who waits would wait for ever */
	unlink(path);
	ok(budget_open(path, 0, &b) == 0 && budget_take(b, &again) == 0, "a call");
	int fd = open(path, O_RDWR);
	ok(fd >= 0 && flock(fd, LOCK_EX) == 0, "another has the file locked");
	is_int((int64_t)budget_used(b), 1, "what is known is told at once");
	pthread_create(&taker, NULL, take_one, b);
	is_int((int64_t)budget_used(b), 1, "also while a call waits");
	flock(fd, LOCK_UN);
	pthread_join(taker, NULL);
	is_int((int64_t)budget_used(b), 2, "which then is counted");
	close(fd);
	budget_close(b);
}

static void
test_no_file(void)
{
	struct budget *b;
	int64_t again;

	ok(budget_open("/nonexistent/calls", 2, &b) == 0, "without a file");
	ok(budget_take(b, &again) == 0 && budget_take(b, &again) == 0, "calls are counted");
	is_int(budget_take(b, &again), -EDQUOT, "and bounded");
	budget_close(b);
}

int
main(void)
{
	int fd = mkstemp(path);

	close(fd);
	test_age();
	test_damage();
	test_limit();
	test_processes();
	test_locked();
	test_no_file();
	unlink(path);
	return tap_done();
}
