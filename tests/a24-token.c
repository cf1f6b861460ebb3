/* The token file and its lock; only one thread of one process renews a token. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "auth/config.h"
#include "auth/http.h"
#include "auth/log.h"
#include "auth/oauth.h"
#include "auth/token.h"
#include "auth/token_file.h"
#include "tap.h"

#define THREADS	16
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static char dir[] = "/tmp/sffs-token.XXXXXX";

/*
 * A token endpoint that serves one connection after the other, with one answer each.
 */

static struct {
	int		 fd;
	pthread_t	 thread;
	atomic_uint	 requests, given;
	pthread_mutex_t	 lock;		/* guards: all below */
	char		 user[19];
	const char	*error;		/* description of an invalid_grant; NULL: give a token */
	const char	*status;	/* an HTTP status instead */
	const char	*instance;	/* NULL: this server */
	bool		 refresh;	/* give a new refresh token, too */
	char		 form[4096];	/* of the last request */
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
put_answer(struct buf *out)
{
	char body[1024];
	unsigned n = atomic_fetch_add(&server.given, 1);

	if (server.error)
		snprintf(body, sizeof(body),
		    "{\"error\":\"invalid_grant\",\"error_description\":\"%s\"}", server.error);
	else
		snprintf(body, sizeof(body),
		    "{\"access_token\":\"00D!%u\",%s\"instance_url\":\"%s\",\"scope\":\"api\","
		    "\"issued_at\":\"1278448832702\","
		    "\"id\":\"https://login.salesforce.com/id/00Dx0000000BV7zEAG/%s\"}",
		    n, server.refresh ? "\"refresh_token\":\"next\"," : "",
		    server.instance ? server.instance : "http://127.0.0.1", server.user);
	buf_printf(out,
	    "HTTP/1.1 %s\r\nContent-Type: application/json\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    server.status    ? server.status :
		server.error ? "400 Bad Request" :
			       "200 OK",
	    strlen(body), body);
}

static void
serve_one(int fd)
{
	char in[8192];
	size_t n = 0, want = SIZE_MAX;
	struct buf out = BUF_INIT;

	while (n < want && n < sizeof(in) - 1) {
		ssize_t got = recv(fd, in + n, sizeof(in) - 1 - n, 0);

		if (got <= 0)
			return;
		n += (size_t)got;
		in[n] = '\0';
		char *end = strstr(in, "\r\n\r\n"),
		     *length = strcasestr(in, "\r\nContent-Length: ");
		if (end)
			want =
			    (size_t)(end + 4 - in) + (length ? strtoul(length + 18, NULL, 10) : 0);
	}
	atomic_fetch_add(&server.requests, 1);
	pthread_mutex_lock(&server.lock);
	snprintf(server.form, sizeof(server.form), "%s", strstr(in, "\r\n\r\n") + 4);
	put_answer(&out);
	pthread_mutex_unlock(&server.lock);
	send(fd, out.data, out.len, MSG_NOSIGNAL);
	buf_free(&out);
}

static void *
serve(void *ctx)
{
	(void)ctx;
	for (int fd; (fd = accept(server.fd, NULL, NULL)) >= 0; close(fd))
		serve_one(fd);
	return NULL;
}

static void
server_user(const char *id)
{
	pthread_mutex_lock(&server.lock);
	snprintf(server.user, sizeof(server.user), "%s", id);
	pthread_mutex_unlock(&server.lock);
}

static unsigned
server_start(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);

	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server.fd, (struct sockaddr *)&a, len) < 0 || listen(server.fd, 64) < 0 ||
	    getsockname(server.fd, (struct sockaddr *)&a, &len) < 0)
		abort();
	server_user("005x00000012Q9PAAU");
	pthread_create(&server.thread, NULL, serve, NULL);
	return ntohs(a.sin_port);
}

static void
server_says(const char *error, const char *status, bool refresh)
{
	pthread_mutex_lock(&server.lock);
	server.error = error;
	server.status = status;
	server.refresh = refresh;
	pthread_mutex_unlock(&server.lock);
}

static bool
form_has(const char *s)
{
	pthread_mutex_lock(&server.lock);
	bool has = strstr(server.form, s) != NULL;
	pthread_mutex_unlock(&server.lock);
	return has;
}

/* The number of requests that `expression` makes. */
#define COST(expression)                                                                           \
	(atomic_store(&server.requests, 0), (expression), atomic_load(&server.requests))

/*
 * The file.
 */

static struct config config = {
	.org = (char *)"acme", .sffs_auth = (char *)"sffs-auth",
	    .client_id = (char *)"3MVG9", .flow = CONFIG_CLIENT_CREDENTIALS
};
static char *path;

static struct login
stored(void)
{
	struct login l = { 0 };

	token_file_read(path, &l);
	return l;
}

static bool
stored_is(const char *access, const char *refresh)
{
	struct login l = stored();
	bool good = (access ? l.access_token.bytes && strcmp(l.access_token.bytes, access) == 0 :
			      !l.access_token.bytes) &&
	    (refresh ? l.refresh_token.bytes && strcmp(l.refresh_token.bytes, refresh) == 0 :
		       !l.refresh_token.bytes);

	login_free(&l);
	return good;
}

/* Stores a login as the web flow does. */
static void
store(const char *access, const char *refresh)
{
	struct login l = { .login_url = config.login_url,
		.client_id = config.client_id,
		.how = (char *)(config.flow == CONFIG_WEB ? "web" : "client_credentials"),
		.instance_url = config.login_url,
		.access_token = { (char *)access },
		.refresh_token = { (char *)refresh },
		.org_id = "00Dx0000000BV7zEAG",
		.user_id = "005x00000012Q9PAAU" };

	token_file_write(path, &l);
}

static void
write_text(const char *to, const char *text)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (write(fd, text, strlen(text)) < 0)
		abort();
	close(fd);
}

static void
test_path(void)
{
	static const char *const cases[][2] = {
		{ "acme", "acme.json" },
		{ "acme.uat", "acme.uat.json" },
		{ "it@acme", "it%40acme.json" },
		{ "../../x", "%2E.%2F..%2Fx.json" },
		{ "a/b", "a%2Fb.json" },
		{ ".", "%2E.json" },
		{ "\xc3\xbc", "%C3%BC.json" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct config c = { .org = (char *)cases[i][0] };
		char *p = NULL, want[256];

		token_file_path(&c, &p);
		snprintf(want, sizeof(want), "%s/sffs/%s", dir, cases[i][1]);
		is_str(p, want, "a section has its file");
		free(p);
	}
	struct config c = { .org = malloc(301) };
	char *p = NULL;
	memset(c.org, 'x', 300);
	c.org[300] = '\0';
	is_int(token_file_path(&c, &p), -EINVAL, "a section with too long a name has no file");
	free(c.org);
}

static void
test_file(void)
{
	struct login l = { .login_url = (char *)"https://x",
		.client_id = (char *)"\"\\/\n",
		.how = (char *)"import",
		.instance_url = (char *)"https://y",
		.access_token = { (char *)"00D!x" },
		.refresh_token = { (char *)"5Aep" },
		.since = 1700000000,
		.renewed = 1800000000,
		.org_id = "00Dx0000000BV7zEAG",
		.user_id = "005x00000012Q9PAAU" },
		     got = { 0 };
	char *other = NULL, *temp = NULL;
	struct stat st;

	if (asprintf(&other, "%s.other", path) < 0 || asprintf(&temp, "%s.new", path) < 0)
		abort();
	is_int(token_file_read(path, &got), -ENOENT, "without a file there is no login");
	write_text(temp, "left by one that was killed");
	chmod(temp, 0644);
	is_int(token_file_write(path, &l), 0, "a login is written");
	ok(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600,
	    "only its owner can read the file");
	is_int(access(temp, F_OK), -1, "no temporary file is left");
	is_int(token_file_read(path, &got), 0, "the login is read");
	is_str(got.client_id, "\"\\/\n", "odd characters of a login are kept");
	ok(secret_equal(&got.access_token, "00D!x") && secret_equal(&got.refresh_token, "5Aep"),
	    "the tokens of a login are kept");
	ok(!got.scope && !got.ended && !got.username && !got.client_secret.bytes,
	    "fields that were not set are not set");
	ok(got.since == 1700000000 && got.renewed == 1800000000 && got.imported,
	    "the times of a login are kept");
	is_str(got.org_id, l.org_id, "the org of a login is kept");
	login_free(&got);

	chmod(path, 0640);
	is_int(token_file_read(path, &got), -EACCES, "a file that others can read is not used");
	chmod(path, 0600);
	rename(path, other);
	is_int(symlink(other, path), 0, "a link is put in the place of the file");
	is_int(token_file_read(path, &got), -EACCES, "a link instead of the file is not followed");
	unlink(path);
	mkfifo(path, 0600);
	is_int(token_file_read(path, &got), -EACCES,
	    "a pipe instead of the file is refused at once");
	is_int(token_file_write(path, &l), 0, "writing replaces the pipe");
	is_int(token_file_read(path, &got), 0, "after that the login is read");
	login_free(&got);

	static const char *const damaged[] = {
		"", "{", "[]", "{}", "{\"login_url\":1}",
		"{\"login_url\":\"a\",\"client_id\":\"b\",\"how\":\"web\","
		"\"instance_url\":\"c\",\"org_id\":\"../../../../../..\","
		"\"user_id\":\"005x00000012Q9PAAU\"}"
	};
	for (size_t i = 0; i < LENGTH(damaged); i++) {
		write_text(path, damaged[i]);
		is_int(token_file_read(path, &got), -EIO, damaged[i]);
	}
	is_int(token_file_write("/no/such/directory/x.json", &l), -ENOENT,
	    "a file that cannot be written is an error");
	is_int(token_file_remove(path), 0, "a login is removed");
	is_int(token_file_remove(path), 0, "a login that is not there can be removed");
	unlink(other);
	free(other);
	free(temp);
}

static void
test_lock(void)
{
	int ready[2], lock = -1;
	char byte;

	if (pipe(ready) < 0)
		abort();
	pid_t child = fork();
	if (child == 0) {
		if (token_file_lock(path, &lock) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	ok(read(ready[0], &byte, 1) == 1, "another process has the lock");
	is_int(token_file_lock(path, &lock), -EAGAIN, "a lock that another process has is EAGAIN");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	is_int(token_file_lock(path, &lock), 0, "a killed process holds no lock");
	int second = -1;
	is_int(token_file_lock(path, &second), -EAGAIN, "two threads do not get the lock both");
	close(lock);
	is_int(token_file_lock(path, &lock), 0, "a closed lock can be taken");
	close(lock);
	close(ready[0]);
	close(ready[1]);
}

/*
 * Renewing.
 */

static struct http *http;

static struct token *
open_token(int want, unsigned cost, const char *what)
{
	struct token *t = NULL;
	int rc = 0;
	unsigned n = COST(rc = token_open(&config, http, &t));

	ok(rc == want && n == cost, "%s: %d, %u requests", what, rc, n);
	return t;
}

static void
renew(struct token *t, unsigned serial, int want, unsigned cost, const char *what)
{
	int rc = 0;
	unsigned n = COST(rc = token_renew(t, serial));

	ok(rc == want && n == cost, "%s: %d, %u requests", what, rc, n);
}

static unsigned
serial_of(struct token *t)
{
	struct bearer b = { 0 };

	token_bearer(t, &b);
	unsigned serial = b.serial;
	bearer_free(&b);
	return serial;
}

static void *
renew_thread(void *ctx)
{
	struct token *t = ctx;

	return (void *)(intptr_t)token_renew(t, 1);
}

static void
test_renewal(void)
{
	struct token *t = open_token(0, 1, "client credentials log in by themselves"),
		     *second = NULL;
	pthread_t threads[THREADS];
	struct bearer b = { 0 };
	unsigned good = 0;

	ok(form_has("grant_type=client_credentials&client_id=3MVG9&client_secret=s%26cret"),
	    "the form of client credentials has the client");
	is_int(token_bearer(t, &b), 0, "token_bearer gives a bearer");
	ok(strncmp(b.access_token.bytes, "00D!", 4) == 0 && b.serial == 1,
	    "the first bearer has the first token");
	bearer_free(&b);
	is_str(token_org_id(t), "00Dx0000000BV7zEAG", "the bearer has the org");
	is_str(token_user_id(t), "005x00000012Q9PAAU", "the bearer has the user");
	second = open_token(0, 0, "a stored login costs nothing");

	atomic_store(&server.requests, 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, renew_thread, t);
	for (unsigned i = 0; i < THREADS; i++) {
		void *rc;

		pthread_join(threads[i], &rc);
		good += rc == NULL;
	}
	ok(good == THREADS && atomic_load(&server.requests) == 1 && serial_of(t) == 2,
	    "%d threads whose token has ended make one request", THREADS);
	renew(t, 1, 0, 0, "who comes late has the new one already");
	renew(second, 1, 0, 0, "another process takes it from the file");
	renew(second, 2, 0, 1, "and renews it when that one is dead");
	renew(t, 2, 0, 0, "and so on");

	server_says("no client credentials user enabled", NULL, false);
	renew(t, 3, -EACCES, 1, "refused");
	renew(t, 3, -EACCES, 0, "and not asked again at once");
	ok(stored_is("00D!2", NULL), "the login is kept");
	store("00D!byhand", NULL);
	renew(t, 3, 0, 0, "a login that somebody made meanwhile is taken over");
	server_says(NULL, NULL, false);
	renew(t, 4, 0, 1, "after which all is well");

	server_says(NULL, "503 Service Unavailable", false);
	renew(t, 5, -EHOSTUNREACH, 4, "an outage is not a refusal, and worth some tries");
	server_says(NULL, "302 Found", false);
	renew(t, 5, -EHOSTUNREACH, 1, "a redirect is not followed");
	server_says(NULL, NULL, false);
	renew(t, 5, 0, 1, "and then it works");

	pthread_mutex_lock(&server.lock);
	server.instance = "https://evil.example";
	pthread_mutex_unlock(&server.lock);
	renew(t, 6, -EACCES, 1, "a token is not sent to a foreign host");
	pthread_mutex_lock(&server.lock);
	server.instance = NULL;
	pthread_mutex_unlock(&server.lock);
	token_close(t);
	token_close(second);
}

static void
test_other_user(void)
{
	struct token *t = open_token(0, 0, "a mount");

	server_user("005x00000012Q9QAAU");
	renew(t, 1, -EACCES, 1, "the token is now another user's, whose files are not ours");
	token_close(t);
	t = open_token(0, 0, "but the next mount is that user's");
	is_str(token_user_id(t), "005x00000012Q9QAAU", "the user is read from the identity URL");
	server_user("005x00000012Q9PAAU");
	token_close(t);
}

static void
test_refresh(void)
{
	struct token *t;

	config.flow = CONFIG_WEB;
	open_token(-ENOKEY, 0, "the login of another flow is none");
	store("00D!old", "5Aep");
	t = open_token(0, 0, "a login by a browser");
	renew(t, 1, 0, 1, "is renewed by its refresh token");
	ok(form_has("grant_type=refresh_token&refresh_token=5Aep&client_id=3MVG9"),
	    "the stored refresh token is sent");
	struct login l = stored();
	ok(secret_equal(&l.refresh_token, "5Aep") && !secret_equal(&l.access_token, "00D!old"),
	    "the refresh token is kept without rotation");
	login_free(&l);
	server_says(NULL, NULL, true);
	renew(t, 2, 0, 1, "a rotated one");
	l = stored();
	ok(secret_equal(&l.refresh_token, "next"),
	    "a rotated refresh token is in the file before the token is used");
	login_free(&l);
	renew(t, 3, 0, 1, "and is");
	ok(form_has("refresh_token=next&"), "the rotated refresh token is used the next time");

	server_says("ip restricted or invalid login hours", NULL, false);
	renew(t, 4, -EACCES, 1, "refused for now");
	l = stored();
	ok(secret_equal(&l.refresh_token, "next"), "the refresh token is kept");
	login_free(&l);
	store("00D!byhand", "5Aep1");
	renew(t, 4, 0, 0, "somebody logs in meanwhile");
	renew(t, 5, -EACCES, 1, "refused again");
	struct buf lines = BUF_INIT;
	log_tail(&lines);
	const char *first = strstr(buf_str(&lines), "ip restricted");
	ok(first && strstr(first + 1, "ip restricted"), "the log says the error again");
	buf_free(&lines);
	token_close(t);

	server_says("expired access/refresh token", NULL, false);
	t = open_token(0, 0, "another mount");
	renew(t, 1, -EACCES, 1, "the login is over");
	renew(t, 1, -EACCES, 0, "which is not asked twice");
	ok(stored_is(NULL, NULL), "the file has no token after the login has ended");
	open_token(-ENOKEY, 0, "log in first");
	store("00D!again", "5Aep2");
	renew(t, 1, 0, 0, "somebody did: the mount goes on");
	token_close(t);
	server_says(NULL, NULL, false);

	config.client_id = (char *)"3MVG9other";
	open_token(-ENOKEY, 0, "the login of another app is none");
	config.client_id = (char *)"3MVG9";
	chmod(path, 0644);
	open_token(-EINVAL, 0, "a file that others can read is refused");
	chmod(path, 0600);
	write_text(path, "{\"login_url\":");
	open_token(-ENOKEY, 0, "a damaged file is as none");
	config.flow = CONFIG_CLIENT_CREDENTIALS;
	t = open_token(0, 1, "and is replaced");
	token_close(t);
}

static void
test_unsaved(void)
{
	char *in_the_way = NULL;

	config.flow = CONFIG_WEB;
	store("00D!old", "5Aep");
	struct token *t = open_token(0, 0, "a mount");
	ok(asprintf(&in_the_way, "%s.new", path) > 0 && mkdir(in_the_way, 0700) == 0,
	    "the file is made unwritable");
	server_says(NULL, NULL, true);
	renew(t, 1, 0, 1, "the mount goes on with its new login");
	ok(stored_is("00D!old", "5Aep"), "the file still has the old login");
	renew(t, 2, 0, 1, "it is that login which is renewed");
	ok(form_has("refresh_token=next&"),
	    "the refresh token in memory is used, not the one in the file");
	server_says("ip restricted or invalid login hours", NULL, false);
	renew(t, 3, -EACCES, 1, "refused for now");
	renew(t, 3, -EACCES, 0, "the one in the file is not taken for a newer one");
	token_close(t);

	store("00D!old", "5Aep");
	server_says(NULL, NULL, true);
	t = open_token(0, 0, "another mount");
	renew(t, 1, 0, 1, "its login is not written, either");
	chmod(path, 0644);
	renew(t, 2, 0, 1, "a file that is of no use does not keep it from being renewed");
	ok(form_has("refresh_token=next&"), "from memory alone");
	ok(rmdir(in_the_way) == 0, "the file is made writable");
	renew(t, 3, 0, 1, "the login is renewed");
	ok(form_has("refresh_token=next&"), "the refresh token in memory is used once more");
	struct login l = stored();
	ok(secret_equal(&l.refresh_token, "next"), "the login in memory is written");
	login_free(&l);
	token_close(t);
	server_says(NULL, NULL, false);
	config.flow = CONFIG_CLIENT_CREDENTIALS;
	token_close(open_token(0, 1, "the login of another flow is replaced"));
	free(in_the_way);
}

static void
test_busy(void)
{
	struct token *t = open_token(0, 0, "a mount");

	server_says("token request is already being processed", NULL, false);
	pthread_t thread;
	pthread_create(&thread, NULL, renew_thread, t);
	while (atomic_load(&server.requests) == 0)
		sched_yield();
	server_says(NULL, NULL, false);
	void *rc;
	pthread_join(thread, &rc);
	is_int((intptr_t)rc, 0, "a request that is processed elsewhere is made again");
	token_close(t);
}

/* Another process has the lock and hangs. */
static void
test_cancel(void)
{
	struct token *t = open_token(0, 0, "a mount");
	pthread_t thread;
	int lock = -1;
	void *rc;

	is_int(token_file_lock(path, &lock), 0, "another process takes the lock");
	pthread_create(&thread, NULL, renew_thread, t);
	http_cancel(http);
	pthread_join(thread, &rc);
	is_int((intptr_t)rc, -EINTR, "a wait for the lock can be cancelled");
	close(lock);
	token_close(t);
}

int
main(void)
{
	char url[64];

	log_level_set(LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	if (!mkdtemp(dir))
		return 1;
	setenv("XDG_STATE_HOME", dir, 1);
	token_file_path(&config, &path);
	test_path();
	test_file();
	test_lock();

	snprintf(url, sizeof(url), "http://127.0.0.1:%u", server_start());
	config.login_url = url;
	secret_set(&config.client_secret, "s&cret", 6);
	http_open(&(struct http_options){ .connect_timeout = 10, .idle_timeout = 30 }, &http);
	test_renewal();
	test_other_user();
	test_refresh();
	test_unsaved();
	test_busy();
	test_cancel();
	http_close(http);

	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	secret_free(&config.client_secret);
	free(path);
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) != 0 || tap_done();
}
