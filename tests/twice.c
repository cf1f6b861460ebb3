/*
 * twice - a library to preload into a mount: it tells each interrupt of a request twice, as the
 * kernel may.
 */
#include <dlfcn.h>
#include <stdlib.h>

struct request;
typedef void interrupt(struct request *, void *data);
struct told {
	interrupt	*tell;
	void		*data;
};

void	fuse_req_interrupt_func(struct request *, interrupt *, void *data);

static void
tell_twice(struct request *req, void *data)
{
	struct told t = *(struct told *)data;

	t.tell(req, t.data);
	t.tell(req, t.data);
}

/* A test makes a few requests, so this memory need not be freed. */
void
fuse_req_interrupt_func(struct request *req, interrupt *tell, void *data)
{
	void (*next)(struct request *, interrupt *, void *) =
	    (void (*)(struct request *, interrupt *, void *))dlsym(
		RTLD_NEXT, "fuse_req_interrupt_func");
	struct told *t = tell ? malloc(sizeof(*t)) : NULL;

	if (t)
		*t = (struct told){ tell, data };
	next(req, t ? tell_twice : NULL, t);
}
