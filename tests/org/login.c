#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/org/data.h"
#include "tests/org/http.h"
#include "tests/org/org.h"
#include "tests/org/refusal.h"
#include "tests/org/reply.h"
#include "tests/org/token.h"
#include "tests/org/login.h"

#define AUTHORIZE	"/services/oauth2/authorize"

enum auto_approve { AUTO_NONE, AUTO_ALLOW, AUTO_DENY };

static bool
copy(char *out, size_t size, const char *s)
{
	return (size_t)snprintf(out, size, "%s", s ? s : "") < size;
}

static const char *
param(const struct request *q, const char *name)
{
	return request_param(q, name, NULL);
}

/* Pages */

static void
put_html(struct buf *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&': buf_puts(out, "&amp;"); break;
		case '<': buf_puts(out, "&lt;"); break;
		case '>': buf_puts(out, "&gt;"); break;
		case '"': buf_puts(out, "&quot;"); break;
		default: buf_putc(out, *s);
		}
	}
}

static void
page_begin(struct reply *r, const char *title)
{
	r->type = "text/html; charset=UTF-8";
	reply_header(r, "Cache-Control: no-cache, no-store");
	buf_printf(&r->body,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<link rel=\"icon\" href=\"data:,\">\n<title>%s | Simulated Org</title>\n<style>\n"
	    "body { margin: 0; background: #f4f6f9; color: #16325c; font: 16px/1.5 system-ui, "
	    "sans-serif }\n"
	    "main { max-width: 22rem; margin: 10vh auto; padding: 2rem; background: #fff; border: "
	    "1px solid #d8dde6; border-radius: .5rem }\n"
	    "h1 { margin: 0 0 1rem; font-size: 1.4rem; font-weight: 600 }\n"
	    "label { display: block; margin: 1rem 0 .2rem }\n"
	    "input { width: 100%%; box-sizing: border-box; padding: .6rem; border: 1px solid "
	    "#747d8c; border-radius: .25rem; font: inherit }\n"
	    "button { margin: 1.5rem .5rem 0 0; padding: .6rem 1.5rem; border: 1px solid #0070d2; "
	    "border-radius: .25rem; background: #fff; color: #0070d2; font: inherit; cursor: "
	    "pointer }\n"
	    "button.main { background: #0070d2; color: #fff }\n"
	    ".error { padding: .6rem; border-radius: .25rem; background: #fdecea; color: #8c1d18 "
	    "}\n"
	    ".who { color: #54698d }\n"
	    "</style>\n</head>\n<body>\n<main>\n<h1>%s</h1>\n",
	    title, title);
}

static void
page_end(struct reply *r)
{
	buf_puts(&r->body, "</main>\n</body>\n</html>\n");
}

static void
login_page(struct reply *r, const struct asked *asked, const char *username, bool wrong)
{
	page_begin(r, "Log In");
	if (wrong)
		buf_puts(&r->body,
		    "<p class=\"error\" role=\"alert\">Please check your username and password. If "
		    "you still can't log in, contact your Salesforce administrator.</p>\n");
	buf_printf(&r->body,
	    "<form method=\"post\" action=\"/login\">\n"
	    "<input type=\"hidden\" name=\"id\" value=\"%s\">\n"
	    "<label for=\"username\">Username</label>\n"
	    "<input id=\"username\" name=\"username\" type=\"email\" autocomplete=\"username\" "
	    "required value=\"",
	    asked->id);
	put_html(&r->body, username);
	buf_printf(&r->body,
	    "\"%s>\n<label for=\"password\">Password</label>\n"
	    "<input id=\"password\" name=\"password\" type=\"password\" "
	    "autocomplete=\"current-password\" required%s>\n"
	    "<button class=\"main\">Log In</button>\n</form>\n",
	    *username ? "" : " autofocus", *username ? " autofocus" : "");
	page_end(r);
}

static void
allow_page(struct reply *r, const struct asked *asked)
{
	page_begin(r, "Allow Access?");
	buf_puts(&r->body, "<p>sffs is asking to:</p>\n<ul>\n");
	for (unsigned scope = SCOPE_ID; scope <= SCOPE_REFRESH; scope <<= 1)
		if (asked->scopes & scope)
			buf_printf(&r->body, "<li>%s</li>\n", scope_text((enum scope)scope));
	buf_puts(&r->body, "</ul>\n<p>Do you want to allow access for <b>");
	put_html(&r->body, data_user(asked->user)->username);
	buf_printf(&r->body,
	    "</b>?</p>\n<form method=\"post\" action=\"/allow\">\n"
	    "<input type=\"hidden\" name=\"id\" value=\"%s\">\n"
	    "<button name=\"answer\" value=\"deny\">Deny</button>\n"
	    "<button class=\"main\" name=\"answer\" value=\"allow\">Allow</button>\n</form>\n"
	    "<p class=\"who\">To revoke access at any time, go to your personal settings.</p>\n",
	    asked->id);
	page_end(r);
}

static void
error_page(struct reply *r, const char *error, const char *description)
{
	r->status = 400;
	page_begin(r, "OAuth Error");
	buf_puts(&r->body, "<p class=\"error\" role=\"alert\">error=");
	put_html(&r->body, error);
	if (description) {
		buf_puts(&r->body, "&amp;error_description=");
		put_html(&r->body, description);
	}
	buf_puts(&r->body, "</p>\n");
	page_end(r);
}

/* Ways back to the app */

/* Adds a parameter to a URL. */
static void
put_pair(struct buf *url, const char *name, const char *value)
{
	buf_putc(url, memchr(url->data, '?', url->len) ? '&' : '?');
	buf_printf(url, "%s=", name);
	buf_put_url(url, value, strlen(value));
}

static void
send_back(struct reply *r, const struct asked *asked, const char *code, const char *error,
    const char *description)
{
	struct buf url = BUF_INIT;

	buf_puts(&url, asked->redirect_uri);
	if (code)
		put_pair(&url, "code", code);
	if (error)
		put_pair(&url, "error", error);
	if (description)
		put_pair(&url, "error_description", description);
	if (asked->state[0])
		put_pair(&url, "state", asked->state);
	r->status = 302;
	reply_header(r, "Location: %s", buf_str(&url));
	r->body.failed |= url.failed;
	buf_free(&url);
}

static void
refuse(struct reply *r, const struct asked *asked, enum refusal_kind kind)
{
	const struct refusal *f = &refusals[kind];

	if (f->page)
		error_page(r, f->error, f->description);
	else
		send_back(r, asked, NULL, f->error, f->description);
}

static void
give_code(struct org *org, struct reply *r, const struct asked *asked)
{
	char code[TOKEN_SIZE];

	if (!settings_get(&org->settings, SETTING_APPROVED)) {
		refuse(r, asked, REFUSAL_APP_ACCESS);
		asked_end(org->tokens, asked->id);
	} else if (code_give(org->tokens, asked->id, org_now(org), code)) {
		send_back(r, asked, code, NULL, NULL);
	} else {
		refuse(r, asked, REFUSAL_UNKNOWN);
	}
}

/* The user is known. An app that was allowed before does not ask again. */
static void
ask_user(struct org *org, struct reply *r, const struct asked *asked)
{
	if (!asked->consent && approval_exists(org->tokens, asked->user))
		give_code(org, r, asked);
	else
		allow_page(r, asked);
}

/* Authorize */

static bool
is_registered(const struct org *org, const char *uri)
{
	for (unsigned i = 0; i < ORG_REDIRECTS; i++)
		if (org->redirect_uri[i] && strcmp(org->redirect_uri[i], uri) == 0)
			return true;
	return false;
}

static bool
has_prompt(const struct request *q, const char *what)
{
	const char *prompt = param(q, "prompt");

	return prompt && strstr(prompt, what);
}

/* The user who is logged in in this browser. */
static bool
session_user(struct org *org, const struct request *q, unsigned *user)
{
	const char *cookies = request_header(q, "Cookie"),
		   *sid = cookies ? strstr(cookies, "sid=") : NULL;
	char session[TOKEN_SIZE];
	size_t len = sid ? strcspn(sid + 4, "; ") : 0;

	if (len == 0 || len >= sizeof(session))
		return false;
	memcpy(session, sid + 4, len);
	session[len] = '\0';
	return session_find(org->tokens, session, user);
}

/* Reads the app's request; false: the reply says what is wrong with it. */
static bool
read_asked(struct org *org, const struct request *q, struct reply *r, struct asked *asked)
{
	const char *client = param(q, "client_id"), *redirect = param(q, "redirect_uri"),
		   *type = param(q, "response_type"), *scope = param(q, "scope");
	bool app_refresh = settings_get(&org->settings, SETTING_REFRESH_SCOPE);
	enum refusal_kind kind = REFUSALS;

	if (strcmp(q->method, "GET") != 0)
		kind = REFUSAL_USE_GET;
	else if (!client || strcmp(client, org->client_id) != 0)
		kind = REFUSAL_CLIENT_ID;
	else if (!redirect)
		kind = REFUSAL_NO_REDIRECT;
	else if (!is_registered(org, redirect) ||
	    !copy(asked->redirect_uri, sizeof(asked->redirect_uri), redirect) ||
	    !copy(asked->state, sizeof(asked->state), param(q, "state")))
		kind = REFUSAL_REDIRECT;
	else if (!type || strcmp(type, "code") != 0)
		kind = REFUSAL_RESPONSE_TYPE;
	else if (scope && !scopes_parse(scope, &asked->scopes))
		kind = REFUSAL_SCOPE;
	else if (asked->scopes & SCOPE_REFRESH && !app_refresh)
		kind = REFUSAL_GENERIC;
	else if (!copy(asked->challenge, sizeof(asked->challenge), param(q, "code_challenge")) ||
	    (!asked->challenge[0] && settings_get(&org->settings, SETTING_PKCE)))
		kind = REFUSAL_NO_CHALLENGE;
	if (kind != REFUSALS) {
		refuse(r, asked, kind);
		return false;
	}
	if (!asked->scopes)
		asked->scopes =
		    SCOPE_ID | SCOPE_API | SCOPE_WEB | (app_refresh ? SCOPE_REFRESH : 0);
	asked->consent = has_prompt(q, "consent");
	return true;
}

static void
serve_authorize(struct org *org, const struct request *q, struct reply *r)
{
	enum auto_approve approve =
	    (enum auto_approve)settings_get(&org->settings, SETTING_AUTO_APPROVE);
	const char *immediate = param(q, "immediate"), *hint = param(q, "login_hint");
	struct asked asked = { 0 };

	if (!read_asked(org, q, r, &asked))
		return;
	if (!asked_add(org->tokens, &asked)) {
		refuse(r, &asked, REFUSAL_UNKNOWN);
		return;
	}
	if (approve == AUTO_NONE)
		asked.logged_in = !has_prompt(q, "login") && session_user(org, q, &asked.user);
	else
		asked.logged_in = true;
	if (approve != AUTO_NONE && hint)
		data_find_user(hint, &asked.user);
	if (asked.logged_in)
		asked_login(org->tokens, asked.id, asked.user);
	if (approve == AUTO_DENY)
		refuse(r, &asked, REFUSAL_DENIED);
	else if (approve == AUTO_ALLOW)
		give_code(org, r, &asked);
	else if (immediate && strcmp(immediate, "true") == 0 &&
	    (!asked.logged_in || !approval_exists(org->tokens, asked.user)))
		refuse(r, &asked, REFUSAL_IMMEDIATE);
	else if (!asked.logged_in)
		login_page(r, &asked, hint ? hint : "", false);
	else
		ask_user(org, r, &asked);
}

/* Forms */

/* False: the reply says that there is no such request. */
static bool
find_asked(struct org *org, const struct request *q, struct reply *r, struct asked *out)
{
	char *id = request_form(q, "id");
	bool found = id && asked_find(org->tokens, id, out);

	free(id);
	if (!found)
		error_page(r, refusals[REFUSAL_UNKNOWN].error,
		    refusals[REFUSAL_UNKNOWN].description);
	return found;
}

static void
serve_login(struct org *org, const struct request *q, struct reply *r)
{
	char *username = request_form(q, "username"), *password = request_form(q, "password"),
	     session[TOKEN_SIZE];
	struct asked asked;

	if (!find_asked(org, q, r, &asked))
		goto out;
	if (!username || !password || !data_find_user(username, &asked.user) ||
	    strcmp(password, org->password) != 0) {
		login_page(r, &asked, username ? username : "", true);
	} else if (!login_count(org->tokens, asked.user, org_now(org),
		       settings_get(&org->settings, SETTING_LOGIN_LIMIT))) {
		refuse(r, &asked, REFUSAL_RATE);
	} else {
		asked_login(org->tokens, asked.id, asked.user);
		if (session_give(org->tokens, asked.user, session))
			reply_header(r, "Set-Cookie: sid=%s; Path=/; HttpOnly; SameSite=Lax",
			    session);
		ask_user(org, r, &asked);
	}
out:
	free(username);
	free(password);
}

static void
serve_allow(struct org *org, const struct request *q, struct reply *r)
{
	char *answer = request_form(q, "answer");
	struct asked asked;

	if (find_asked(org, q, r, &asked)) {
		if (!asked.logged_in) {
			login_page(r, &asked, "", false);
		} else if (answer && strcmp(answer, "allow") == 0) {
			give_code(org, r, &asked);
		} else {
			refuse(r, &asked, REFUSAL_DENIED);
			asked_end(org->tokens, asked.id);
		}
	}
	free(answer);
}

static const struct {
	const char *method, *path;	/* NULL: any method */
	void (*serve)(struct org *, const struct request *, struct reply *);
} paths[] = {
	{ NULL, AUTHORIZE, serve_authorize },
	{ "POST", "/login", serve_login },
	{ "POST", "/allow", serve_allow },
};

bool
login_serve(struct org *org, const struct request *q, struct reply *r)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcmp(paths[i].path, q->path) == 0 &&
		    (!paths[i].method || strcmp(paths[i].method, q->method) == 0)) {
			paths[i].serve(org, q, r);
			return true;
		}
	}
	return false;
}

void
login_refuse(struct org *org, const struct request *q, struct reply *r, const char *error,
    const char *description)
{
	struct asked asked = { 0 };
	bool page = false;

	for (size_t i = 0; i < REFUSALS; i++)
		page = page || (refusals[i].page && strcmp(refusals[i].error, error) == 0);
	if (page || !read_asked(org, q, r, &asked)) {
		reply_reset(r);
		error_page(r, error, description);
	} else {
		send_back(r, &asked, NULL, error, description);
	}
}
