/*
 * Requests to the port that waits for a login, from a browser or another program; and addresses
 * that are pasted instead.
 */
#include "auth/login_listen.c"
#include "auth/login_web.c"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct listener l = { .path = (char[]){ "/OauthRedirect" } };
	struct guest g = { .fd = -1 };
	struct web w = { .input = -1, .state = "state" };
	struct callback b = { 0 };
	int ends[2];

	for (unsigned i = 0; i < size; i++)
		if (data[i] == '\0')
			return 0;		/* the listener ends a head there */
	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	g.fd = ends[0];
	close(ends[1]);
	buf_put(&g.head, data, size);
	buf_put(&w.line, data, size);
	MUST(!g.head.failed && !w.line.failed);
	if (g.head.len && take_head(&l, &g)) {
		read_callback(g.query, &b);
		if (is_ours(&w, &b))
			MUST(strcmp(b.state, "state") == 0);
		dismiss(&g);
	}
	if (g.fd >= 0)
		dismiss(&g);
	if (w.line.len && take_pasted(&w, &b))
		MUST(!b.state || strcmp(b.state, "state") == 0);
	buf_free(&w.line);
	return 0;
}
