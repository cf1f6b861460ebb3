#include <stdlib.h>
#include <string.h>

#include "tests/org/data.h"
#include "tests/org/http.h"
#include "tests/org/org.h"
#include "tests/org/reply.h"
#include "tests/org/soap.h"
#include "tests/org/token.h"

#define LAST	64	/* the last version of the API that has login() */

static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
    "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "xmlns:sf=\"urn:fault.partner.soap.sforce.com\" "
    "xmlns=\"urn:partner.soap.sforce.com\"><soapenv:Body>";
static const char tail[] = "</soapenv:Body></soapenv:Envelope>";

/* The text of an element, with its entities. Caller frees. NULL: not there. */
static char *
element(const char *xml, const char *name)
{
	static const char *const entities[][2] = { { "&lt;", "<" }, { "&gt;", ">" },
		{ "&quot;", "\"" }, { "&apos;", "'" }, { "&amp;", "&" } };
	const char *s = strstr(xml, name), *end = s ? strchr(s, '<') : NULL;
	struct buf out = BUF_INIT;

	if (!end)
		return NULL;
	for (s += strlen(name); s < end;) {
		size_t used = 0;

		for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]) && !used; i++) {
			if (strncmp(s, entities[i][0], strlen(entities[i][0])) == 0) {
				used = strlen(entities[i][0]);
				buf_puts(&out, entities[i][1]);
			}
		}
		if (!used)
			buf_putc(&out, *s);
		s += used ? used : 1;
	}
	return out.len ? buf_detach(&out) : strdup("");
}

static void
fail(struct reply *r, const char *code, const char *message)
{
	r->status = 500;
	buf_printf(&r->body,
	    "%s<soapenv:Fault><faultcode>sf:%s</faultcode><faultstring>%s: %s</faultstring>"
	    "</soapenv:Fault>%s", head, code, code, message, tail);
}

void
soap_serve(struct org *org, const struct request *q, struct reply *r)
{
	struct holder holder = { .scopes = SCOPE_API, .issued = org_now(org) };
	const char *version = q->path + strlen(SOAP_PATH);
	char *name = element(buf_str(&q->body), "username>"),
	     *password = element(buf_str(&q->body), "password>"), token[TOKEN_SIZE], id[ID_SIZE];

	r->type = "text/xml;charset=UTF-8";
	if (strchr(version, '/'))
		version = strchr(version, '/') + 1;
	if (atoi(version) > LAST || !name || !password) {
		fail(r, "UNKNOWN_EXCEPTION", "there is no such call in this version of the API");
	} else if (!data_find_user(name, &holder.user) || strcmp(password, org->password) != 0) {
		fail(r, "INVALID_LOGIN",
		    "Invalid username, password, security token; or user locked out.");
	} else if (!token_give(org->tokens, org->id, &holder, token)) {
		fail(r, "UNKNOWN_EXCEPTION", "no randomness");
	} else {
		const struct person *u = data_user(holder.user);

		id_make("005", holder.user, id);
		buf_printf(&r->body,
		    "%s<loginResponse><result><passwordExpired>false</passwordExpired><sandbox>"
		    "false</sandbox><serverUrl>%s/services/Soap/u/%s/%.15s</serverUrl><sessionId>%s"
		    "</sessionId><userId>%s</userId>",
		    head, org_instance(org), version, org->id, token, id);
		buf_printf(&r->body,
		    "<userInfo><organizationId>%s</organizationId><userFullName>%s %s"
		    "</userFullName><userId>%s</userId><userName>%s</userName></userInfo>"
		    "</result></loginResponse>%s",
		    org->id, u->first, u->last, id, u->username, tail);
	}
	free(name);
	free(password);
}
