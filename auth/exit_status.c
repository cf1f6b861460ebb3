#include "exit_status.h"

#include <errno.h>

#include "log.h"

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
	case -ENOMEM:
		log_error("memory",
		    "there is too little memory, or there are too few descriptors, to start");
		return EXIT_OTHER;
	case -EPERM: case -EBUSY: return EXIT_MOUNT;
	default: return EXIT_OTHER;
	}
}
