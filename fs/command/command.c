#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "auth/config.h"
#include "auth/exit_status.h"
#include "auth/option.h"

#include "doctor.h"
#include "status.h"
#include "unmount.h"

#include "command.h"

static int
put_status(const struct arguments *a, struct buf *out)
{
	struct buf orgs = BUF_INIT;
	int rc = config_orgs(a->config, &orgs);

	if (rc == 0)
		rc = status_put(buf_str(&orgs), a->org,
		    a->metrics ? STATUS_METRICS :
			a->json ? STATUS_JSON :
				  STATUS_TABLE,
		    out);
	buf_free(&orgs);
	return rc;
}

static int
run_doctor(const struct arguments *a)
{
	if (!a->json)	/* the log says the causes: they are part of the report */
		dup2(STDOUT_FILENO, STDERR_FILENO);
	return doctor_run(a->config, a->org, buf_str(&a->overrides), a->json, stdout);
}

int
command_run(const struct arguments *a)
{
	struct buf out = BUF_INIT;
	int rc = 0;

	switch (a->command) {
	case ARGUMENTS_UNMOUNT:
		rc = unmount_run(a->mountpoint);
		break;
	case ARGUMENTS_STATUS:
		rc = put_status(a, &out);
		break;
	case ARGUMENTS_DOCTOR:
		rc = run_doctor(a);
		break;
	case ARGUMENTS_KEYS:
		option_help(&out);
		break;
	case ARGUMENTS_ORGS:
		rc = config_orgs(a->config, &out);
		break;
	case ARGUMENTS_VERSION:
		buf_puts(&out, "sffs " SFFS_VERSION "\n");
		break;
	default:
		buf_puts(&out, a->help);
		break;
	}
	fputs(buf_str(&out), stdout);
	fflush(stdout);
	if (out.failed || ferror(stdout))
		rc = -EIO;
	buf_free(&out);
	return exit_status_of(rc);
}
