#include "exit_status.h"

#include <errno.h>

int
exit_status_of(int rc)
{
	switch (rc) {
	case 0: return EXIT_DONE;
	case -EINVAL: return EXIT_USAGE;
	case -ENOKEY: return EXIT_LOGIN;
	case -EACCES: case -EDQUOT: return EXIT_REFUSED;
	case -ETIMEDOUT:
	case -EHOSTUNREACH:
	case -ECONNRESET:
	case -EPROTO:
		return EXIT_UNREACHABLE;
	case -EPERM: case -EBUSY: return EXIT_MOUNT;
	default: return EXIT_OTHER;
	}
}
