#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/buf.h"
#include "auth/log.h"
#include "fs/mount/signals.h"
#include "fs/mount/systemd.h"

#include "progress.h"

#define PAGE_TIME	300	/* seconds that a page may take, with all tries */
#define LOG_EVERY	60	/* seconds */

/*
 * Said when a signal ends the first fill. A handler can only write a text that is there, so there
 * are two: one can be said while the other is made.
 */
static char kept[2][128];
static atomic_uint current;

static void
on_signal(int number)
{
	const char *text = kept[current];

	(void)!write(STDERR_FILENO, text, strlen(text));
	signal(number, SIG_DFL);
	raise(number);
}

static void
note_kept(const struct progress *p, uint64_t documents)
{
	const unsigned other = !current;

	snprintf(kept[other], sizeof(kept[other]),
	    "%ssffs: ended; the first %llu documents of the list are kept, "
	    "and the next mount goes on there\n",
	    p->terminal ? "\n" : "", (unsigned long long)documents);
	current = other;
}

static void
put_progress(const struct progress *p, uint64_t documents, uint64_t total, unsigned calls,
    struct buf *out)
{
	const uint64_t since = documents - p->had, seconds = (uint64_t)(time(NULL) - p->begun);

	buf_printf(out, "%llu of %llu documents, %u call%s", (unsigned long long)documents,
	    (unsigned long long)total, calls, calls == 1 ? "" : "s");
	if (since > 0 && total > documents && seconds > 0)
		buf_printf(out, ", %llu s left",
		    (unsigned long long)((total - documents) * seconds / since));
}

void
progress_show(void *ctx, uint64_t documents, uint64_t total, unsigned calls)
{
	struct progress *p = ctx;
	const time_t now = time(NULL);
	struct buf text = BUF_INIT;

	if (!p->begun) {
		p->begun = p->logged = now;
		p->had = documents;
		p->terminal = isatty(STDERR_FILENO);
		signals_take(on_signal);
	}
	note_kept(p, documents);
	put_progress(p, documents, total, calls, &text);
	/* A first fill may take longer than systemd waits: each page asks for more time. */
	systemd_notify(p->systemd, "EXTEND_TIMEOUT_USEC=%u\nSTATUS=%s", PAGE_TIME * 1000000u,
	    buf_str(&text));
	if (p->terminal) {
		fprintf(stderr, "\r\033[K%s", buf_str(&text));
	} else if (now - p->logged >= LOG_EVERY) {
		p->logged = now;
		log_info("sffs", "%s", buf_str(&text));
	}
	buf_free(&text);
}

void
progress_end(struct progress *p)
{
	if (!p->begun)
		return;
	signals_take(SIG_DFL);
	if (p->terminal)
		fputc('\n', stderr);
}
