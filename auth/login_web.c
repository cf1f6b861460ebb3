/*
 * The web flow: a person logs in to Salesforce in a browser. The browser comes
 * back with a code to a listener on this machine, and the code is exchanged for
 * a token. If the browser is on another machine, its last address is pasted.
 *
 * Only an answer with our `state` counts. Others get a page that says so.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "jwt.h"
#include "log.h"
#include "login.h"
#include "login_listen.h"
#include "option.h"

#define LATE		100	/* ms for a second request of the same browser */
#define LINE_MOST	8192

struct web {
	struct session	*session;
	struct listener	*listener;	/* NULL: none, the address must be pasted */
	int		 input;		/* where it may be pasted; -1: nowhere (any more) */
	struct buf	 line;
	char		 verifier[PKCE_VERIFIER_SIZE];
	char		 state[PKCE_VERIFIER_SIZE];	/* as random */
	struct buf	 url;
	int64_t		 end;
};

/* The parameters with which the browser comes back; in the query, decoded. */
struct callback {
	char	*code, *state, *error, *description;
};

/*
 * Callbacks.
 */

/* Decodes in place. %00 stays as it is. */
static void
decode_url(char *s)
{
	char *to = s;

	for (; *s; s++) {
		unsigned byte = 0;

		if (*s == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2]))
			sscanf(s + 1, "%2x", &byte);
		if (byte)
			s += 2;
		else
			byte = *s == '+' ? ' ' : (unsigned char)*s;
		*to++ = (char)byte;
	}
	*to = '\0';
}

static void
read_callback(char *query, struct callback *out)
{
	const struct {
		const char *name;
		char **value;
	} parameters[] = { { "code", &out->code }, { "state", &out->state },
		{ "error", &out->error }, { "error_description", &out->description } };

	*out = (struct callback){ 0 };
	for (char *name; (name = strsep(&query, "&#"));) {
		char *value = strchr(name, '=');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
			if (strcmp(name, parameters[i].name) != 0 || !*value)
				continue;
			decode_url(value);
			*parameters[i].value = value;
		}
	}
}

static bool
is_ours(const struct web *w, const struct callback *b)
{
	return (b->code || b->error) && b->state &&
	    secret_equal(&(struct secret){ (char *)w->state }, b->state);
}

/*
 * The browser.
 */

/* $BROWSER is a list of programs with colons between them. xdg-open is not started without a
 * display: it would use this terminal. */
static bool
open_browser(const char *url)
{
	const bool display = getenv("DISPLAY") || getenv("WAYLAND_DISPLAY");
	const char *given = getenv("BROWSER");
	char *programs = NULL, *program;
	bool started = false;

	if (asprintf(&programs, "%s:%s", given ? given : "", display ? "xdg-open" : "") < 0)
		return false;
	for (char *rest = programs; !started && (program = strsep(&rest, ":"));)
		started = *program &&
		    command_start((const char *const[]){ program, url, NULL }) == 0;
	free(programs);
	return started;
}

/*
 * Waiting for the code.
 */

/* Reads a byte of the pasted line into w->line. True: the line is whole. */
static bool
read_pasted(struct web *w)
{
	char byte;
	ssize_t n = read(w->input, &byte, 1);	/* more could block */

	if (n < 0 && errno == EINTR)
		return false;
	if (n <= 0)
		w->input = -1;
	else if (byte != '\n' && w->line.len < LINE_MOST)
		buf_putc(&w->line, byte);
	return (n == 0 && w->line.len) || (n > 0 && byte == '\n');
}

/* A pasted line is the address in the browser, or the text of an error page, which has no state. */
static bool
take_pasted(struct web *w, struct callback *out)
{
	char *query = strchr(w->line.data, '?');

	while (w->line.len && strchr(" \t\r", w->line.data[w->line.len - 1]))
		w->line.data[--w->line.len] = '\0';
	read_callback(query ? query + 1 : w->line.data, out);
	if (is_ours(w, out) || (out->error && !out->state))
		return true;
	if (w->line.len)
		fputs("That is not the address this login ends on. "
		      "Paste the whole address, starting with http:\n",
		    stderr);
	buf_clear(&w->line);
	return false;
}

/* The page that the browser shows. It loads nothing. */
static void
put_page(struct buf *out, bool good, const char *title, const char *text)
{
	static const char special[] = "&<>\"", *const names[] = { "amp", "lt", "gt", "quot" };

	buf_printf(out,
	    "<!doctype html>\n"
	    "<html lang=\"en\">\n"
	    "<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<meta name=\"color-scheme\" content=\"light dark\">\n"
	    "<link rel=\"icon\" href=\"data:,\">\n"
	    "<title>%s</title>\n"
	    "<style>\n"
	    "body { font: 1.1rem/1.5 system-ui; max-width: 34rem; margin: 18vh auto;\n"
	    "  padding: 1rem }\n"
	    "main { padding-left: 1rem; border-left: .3rem solid }\n"
	    "p { overflow-wrap: anywhere }\n"
	    ".good { border-color: #2e844a }\n"
	    ".bad { border-color: #d8343a }\n"
	    "</style>\n"
	    "<main class=\"%s\">\n<h1>%s</h1>\n<p>",
	    title, good ? "good" : "bad", title);
	for (; *text; text++) {
		const char *at = strchr(special, *text);

		if (at)
			buf_printf(out, "&%s;", names[at - special]);
		else
			buf_putc(out, *text);
	}
	buf_puts(out, "</p>\n</main>\n</html>\n");
}

/* *visit: NULL if the address was pasted. */
static int
wait_for_callback(struct web *w, struct callback *out, struct guest **visit)
{
	for (;;) {
		int rc = w->listener || w->input >= 0 ?
		    listener_wait(w->listener, w->input, w->end, visit) :
		    -ETIMEDOUT;

		if (rc < 0)
			return rc;
		if (rc == 2) {
			if (read_pasted(w) && take_pasted(w, out)) {
				*visit = NULL;
				return 0;
			}
			continue;
		}
		read_callback((*visit)->query, out);
		if (is_ours(w, out))
			return 0;
		struct buf page = BUF_INIT;
		put_page(&page, false, "Not this login",
		    "This answer belongs to another login. "
		    "The one that sffs-auth waits for may be in another tab.");
		listener_answer(*visit, "400 Bad Request", buf_str(&page));
		buf_free(&page);
	}
}

/* A browser may send its request twice, for a preview or a reload. Both get the same answer. */
static void
answer_browser(struct web *w, struct guest *visit, bool good, const char *text)
{
	struct buf page = BUF_INIT;
	int64_t end = clock_ms() + LATE;

	put_page(&page, good, good ? "Logged in" : "Not logged in", text);
	do
		listener_answer(visit, good ? "200 OK" : "400 Bad Request", buf_str(&page));
	while (listener_wait(w->listener, -1, end, &visit) == 1);
	buf_free(&page);
}

static int
exchange_code(struct web *w, const struct callback *b, struct login *out)
{
	struct session *s = w->session;

	if (b->error)
		return oauth_explain(b->error, b->description, &s->saved.failure) == -EACCES ?
		    -EACCES :
		    -EHOSTUNREACH;
	return saved_login_make(&s->saved,
	    &(struct oauth_request){ .config = s->config,
		.flow = OAUTH_WEB,
		.code = &(struct secret){ b->code },
		.verifier = w->verifier },
	    out);
}

/*
 * The login.
 */

static int
prepare_web(struct web *w)
{
	char challenge[PKCE_CHALLENGE_SIZE];
	int rc = pkce_verifier(w->verifier);

	if (rc == 0)
		rc = pkce_verifier(w->state);
	pkce_challenge(w->verifier, challenge);
	if (rc == 0)
		rc = oauth_authorize_url(w->session->config, w->state, challenge, &w->url);
	return rc == 0 && !buf_reserve(&w->line, LINE_MOST) ? -ENOMEM : rc;
}

/* Without a listener the address must be pasted. */
static int
open_listener(struct web *w)
{
	const char *uri = w->session->config->redirect_uri;
	int rc = listener_open(uri, &w->listener);
	const char *why = strerror(-rc);

	if (rc == 0 || rc == -ENOMEM)
		return rc;
	if (rc == -EINVAL)
		why = "not http://localhost:PORT/PATH";
	if (rc == -EADDRINUSE)
		why = "another program has the port: another login, or the Salesforce CLI";
	if (w->input < 0)
		return log_invalid("login",
		    "redirect_uri = %s: %s; use --no-browser and paste the address", uri, why);
	log_warn("login",
	    "%s: the browser cannot come back here (%s); paste the address it ends on", uri, why);
	return 0;
}

static void
show_url(struct web *w)
{
	const struct session *s = w->session;
	bool opened = !s->no_browser && open_browser(w->url.data);

	fputs(opened ? "The browser opens to log in to Salesforce. If not, open this address:\n\n" :
		       "Open this address in a browser, and log in to Salesforce:\n\n",
	    stderr);
	log_print(stderr, "    %s\n", w->url.data);
	fputc('\n', stderr);
	if (w->listener)
		log_print(stderr, "Waiting for the browser (%lld %s).%s\n",
		    (long long)(s->timeout % 60 ? s->timeout : s->timeout / 60),
		    s->timeout % 60 ? "s" : "min",
		    w->input >= 0 ?
			" If it runs on another machine, paste here the address it ends on." :
			"");
	else
		fputs("Then paste here the address it ends on.\n", stderr);
	log_print(stderr, "If it shows an error, press Ctrl-C and run: %s setup %s\n",
	    s->config->sffs_auth, s->config->org);
}

bool
login_set_timeout(struct session *s, const char *text)
{
	return option_read_duration(text, 86400, &s->timeout);
}

int
login_web(struct session *s, struct login *out)
{
	struct web w = { .session = s,
		.input = s->no_browser || isatty(STDIN_FILENO) ? STDIN_FILENO : -1,
		.end = clock_ms() + (int64_t)s->timeout * 1000 };
	struct callback callback = { 0 };
	struct guest *visit = NULL;
	int rc = prepare_web(&w);

	if (rc == 0)
		rc = open_listener(&w);
	if (rc < 0)
		goto out;
	show_url(&w);
	rc = wait_for_callback(&w, &callback, &visit);
	if (rc == -ETIMEDOUT) {
		log_error("login", "%s: nobody came back from the browser", s->config->org);
		rc = -ENOKEY;
	}
	if (rc < 0)
		goto out;
	rc = exchange_code(&w, &callback, out);
	if (visit)
		answer_browser(&w, visit, rc == 0,
		    rc == 0	 ? "You can close this window and go back to the terminal." :
			*s->saved.failure.text ? s->saved.failure.text :
				   "The terminal says why.");
out:
	listener_close(w.listener);
	explicit_bzero(w.verifier, sizeof(w.verifier));
	buf_wipe(&w.line);
	buf_free(&w.url);
	return rc;
}
