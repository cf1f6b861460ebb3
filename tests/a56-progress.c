/* Progress without a terminal is a line of the log each minute. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "auth/log.h"
#include "fs/command/progress.h"
#include "tap.h"

/* The next line of standard error. */
static const char *
said(FILE *f)
{
	static char line[256];

	return fgets(line, sizeof(line), f) ? line : "";
}

int
main(void)
{
	struct progress p = { .systemd = -1 };
	int ends[2];

	if (pipe(ends) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return 1;
	FILE *f = fdopen(ends[0], "r");
	log_plain("sffs");
	progress_show(&p, 2000, 200000, 1);
	p.logged -= 50;
	progress_show(&p, 4000, 200000, 2);
	p.logged -= 20;
	progress_show(&p, 6000, 200000, 3);
	fputs("end\nend\n", stderr);
	ok(strstr(said(f), "sffs: 6000 of 200000 documents, 3 calls") != NULL,
	    "a line comes when a minute is over, and not before");
	is_str(said(f), "end\n", "there is one line for a minute");
	progress_end(&p);
	return tap_done();
}
