/*
 * The bytes of a server, from the status line on: any headers, and answers that do not fit the
 * request. The network is simulated: each connection has sent its answer and ended. The input: the
 * request, then the answers with NEXT between them.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int	connection(int family, int type, int protocol);
#define socket connection
#include "auth/http.c"
#undef socket

#include "auth/oauth.h"
#include "fs/rest/rest.h"
#include "fuzz.h"

#define FUZZ_INSTANCE	"http://127.0.0.1"
#define FUZZ_RENEWED	0
#include "bearer.h"

#define CONNECTIONS                                                                                \
	256 /* more than one request needs: a download that gets further has many tries */
#define TRIES		3
#define NEXT		"\nNEXT\n"
#define SIZE		1000		/* of the download */

static const uint8_t *next, *end;
static int peers[CONNECTIONS];
static unsigned peer_count;

static int
connection(int family, int type, int protocol)
{
	const uint8_t *after =
	    next < end ? memmem(next, (size_t)(end - next), NEXT, strlen(NEXT)) : NULL;
	int ends[2];

	(void)family, (void)protocol;
	MUST(peer_count < CONNECTIONS);
	MUST(socketpair(AF_UNIX, type, 0, ends) == 0);
	if (next < end) {
		const size_t n = (size_t)((after ? after : end) - next);

		MUST(send(ends[1], next, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n);
		next = after ? after + strlen(NEXT) : end;
	}
	MUST(shutdown(ends[1], SHUT_WR) == 0);
	peers[peer_count++] = ends[1];
	return ends[0];
}

/* Replaces connect() for libcurl, whose socket is connected already. */
int
connect(int fd, __CONST_SOCKADDR_ARG to, socklen_t size)
{
	(void)fd, (void)to, (void)size;
	return 0;
}

/* A pause between two tries takes no time: the clock goes forward instead. */
static int64_t slept;		/* us */

int
usleep(useconds_t us)
{
	slept += us;
	return 0;
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	const int rc = (int)syscall(SYS_clock_gettime, clock, t);

	if (rc == 0 && clock == CLOCK_MONOTONIC) {
		const int64_t ns = t->tv_nsec + slept % 1000000 * 1000;

		t->tv_sec += (time_t)(slept / 1000000 + ns / 1000000000);
		t->tv_nsec = (long)(ns % 1000000000);
	}
	return rc;
}

/* Takes no byte beyond the size, like a blob. */
static int
take(void *ctx, const void *p, size_t n)
{
	uint64_t *filled = ctx;

	MUST(n > 0 && p);
	if (n > SIZE - *filled)
		return -EIO;
	*filled += n;
	return 0;
}

static int
restart(void *ctx)
{
	*(uint64_t *)ctx = 0;
	return 0;
}

static uint64_t
filled_of(void *ctx)
{
	return *(const uint64_t *)ctx;
}

static int
skip(void *ctx, const struct document *d)
{
	(void)ctx, (void)d;
	return 0;
}

static int
end_page(void *ctx, int rc, const struct rest_page *page)
{
	(void)ctx, (void)page;
	return rc;
}

static void
check_response(const struct http_response *a)
{
	MUST(a->status >= 100 && a->status <= 999 && a->retry_after >= -1 &&
	    a->retry_after <= RETRY_AFTER_MOST);
	MUST(memchr(a->limit_info, '\0', sizeof(a->limit_info)));
	MUST(memchr(a->content_type, '\0', sizeof(a->content_type)) &&
	    memchr(a->error, '\0', sizeof(a->error)));
}

static void
ask_for_token(struct http *h)
{
	struct oauth_grant grant = { 0 };
	struct oauth_failure failure = { 0 };
	struct http_response a;
	struct buf form = BUF_INIT;

	buf_puts(&form, "grant_type=refresh_token");
	int rc = http_do(h,
	    &(struct http_request){ .url = "http://127.0.0.1/services/oauth2/token",
		.form = &form,
		.body_limit = 1 << 16 },
	    &a);
	if (rc == 0) {
		check_response(&a);
		if (oauth_read_answer(a.status, buf_str(&a.body), "https://acme.my.salesforce.com",
			&grant, &failure) == 0)
			MUST(grant.access_token.bytes && grant.instance_url &&
			    strlen(grant.org_id) == 18 && strlen(grant.user_id) == 18);
		else
			MUST(*failure.text);
	} else {
		MUST(*a.error);
	}
	oauth_grant_free(&grant);
	http_response_free(&a);
	buf_free(&form);
}

static void
ask(struct http *h, struct rest *r, unsigned kind)
{
	struct secret token = { .bytes = (char[]){ "token" } };
	struct oauth_identity identity = { 0 };
	uint64_t filled = kind == 2 ? SIZE / 2 : 0;
	int64_t n, m;
	int rc = 0;

	switch (kind) {
	case 0:
		rc = rest_documents(r, &(struct rest_query){ 0 }, skip, end_page, NULL);
		break;
	case 1: case 2:
		rc = rest_version_data(r, "0685g00002BLnMXAA1", SIZE,
		    &(struct rest_sink){
			.write = take, .restart = restart, .filled = filled_of, .ctx = &filled,
			.checked = true });
		MUST(filled <= SIZE && (rc < 0 || filled == SIZE));
		break;
	case 3:
		rc = rest_storage(r, &n, &m);
		break;
	case 4:
		rc = oauth_identify(h, "http://127.0.0.1", &token, &identity);
		MUST(rc < 0 || (strlen(identity.org_id) == 18 && strlen(identity.user_id) == 18));
		oauth_identity_free(&identity);
		break;
	default:
		ask_for_token(h);
	}
	MUST(rc <= 0 && rc != -EINTR && rc != -ENOMEM);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http *h = NULL;
	struct rest *r = NULL;
	struct rest_stats stats;

	if (size < 1 || size > 64 << 10)
		return 0;
	next = data + 1;
	end = data + size;
	MUST(http_open(
		 &(struct http_options){ .connect_timeout = 10, .idle_timeout = 10 }, &h) == 0);
	MUST(rest_open(h, NULL,
		 &(struct rest_options){ .api_version = "62.0", .tries = TRIES, .reserve = 10 },
		 &r) == 0);
	ask(h, r, data[0] % 6);
	rest_may_guess(r);
	rest_stats(r, &stats);
	rest_close(r);
	http_close(h);
	while (peer_count > 0)
		close(peers[--peer_count]);
	return 0;
}
