/* OAuth without an org: hosts, errors, answers, PKCE, JWT, and the Salesforce CLI's formats. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "auth/command.h"
#include "auth/config.h"
#include "auth/host.h"
#include "auth/jwt.h"
#include "auth/log.h"
#include "auth/oauth.h"
#include "auth/sfdx.h"
#include "tap.h"

#define MY	"https://acme.my.salesforce.com"
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static void
test_hosts(void)
{
	static const struct {
		const char *instance, *login;
		bool want;
	} cases[] = {
		{ MY, MY, true },
		{ "https://ACME.My.Salesforce.Com", MY, true },
		{ "https://acme.my.salesforce.com.", MY, true },
		{ "https://acme.my.salesforce.com:443", MY, true },
		{ "https://acme--uat.sandbox.my.salesforce.com", "https://test.salesforce.com",
		    true },
		{ "https://acme.develop.my.salesforce.com", MY, true },
		{ "https://acme.my.salesforce.mil", MY, true },
		{ "https://acme.my.sfcrmproducts.cn", MY, true },
		{ "https://na123.salesforce.com", "https://login.salesforce.com", true },
		{ "https://cs42.salesforce.com", "https://test.salesforce.com", true },
		{ "https://acme.my.site.com", "https://acme.my.site.com", true },
		{ "http://127.0.0.1:8080", "http://127.0.0.1:8080", true },
		{ "http://localhost:8080", "http://127.0.0.1:9090", true },
		{ "https://[::1]:8080", "https://localhost:9090", true },

		{ "http://acme.my.salesforce.com", MY, false },
		{ "https://acme.my.salesforce.com:8443", MY, false },
		{ "https://acme.my.salesforce.com/", MY, false },
		{ "https://acme.my.salesforce.com/x", MY, false },
		{ "https://acme.my.salesforce.com?x", MY, false },
		{ "https://user@acme.my.salesforce.com", MY, false },
		{ "https://acme.my.salesforce.com@evil.example", MY, false },
		{ "https://acme.my.salesforce.com\\evil.example", MY, false },
		{ "https://acme.my.salesforce.com\r\nX: y", MY, false },
		{ "https://my.salesforce.com", MY, false },
		{ "https://.my.salesforce.com", MY, false },
		{ "https://a..my.salesforce.com", MY, false },
		{ "https://evilmy.salesforce.com", MY, false },
		{ "https://acme.my.salesforce.com.evil.example", MY, false },
		{ "https://evilcrmforce.mil", MY, false },
		{ "https://acme.my-salesforce.com", MY, false },
		{ "https://acme.lightning.force.com", MY, false },
		{ "https://acme.my.salesforce-setup.com", MY, false },
		{ "https://acme.file.force.com", MY, false },
		{ "https://acme.salesforce-sites.com", MY, false },
		{ "https://api.salesforce.com", MY, false },
		{ "https://login.salesforce.com", MY, false },
		{ "https://test.salesforce.com", MY, false },
		{ "https://na123.evil.salesforce.com", MY, false },
		{ "https://other.my.site.com", "https://acme.my.site.com", false },
		{ "https://acme.my.site.com", MY, false },
		{ "https://10.0.0.1", MY, false },
		{ "https://127.0.0.1", MY, false },
		{ "http://127.0.0.1:8080", MY, false },
		{ "https://[::1]", MY, false },
		{ MY, "http://127.0.0.1:8080", false },
		{ "https://127.0.0.1:8080", "http://127.0.0.1:8080", false },
		{ "http://127.0.0.1:0", "http://127.0.0.1:8080", false },
		{ "http://127.0.0.1:99999", "http://127.0.0.1:8080", false },
		{ "http://127.0.0.2:80", "http://127.0.0.1:80", false },
		{ "http://localhost.evil.example", "http://localhost", false },
		{ "ftp://acme.my.salesforce.com", MY, false },
		{ "acme.my.salesforce.com", MY, false },
		{ "", MY, false },
	};

	for (size_t i = 0; i < LENGTH(cases); i++)
		ok(host_may_hold_token(cases[i].instance, cases[i].login) == cases[i].want,
		    "%s %s the token of %s", cases[i].instance,
		    cases[i].want ? "gets" : "does not get", cases[i].login);
}

/* What a person may give for the org, and the login_url that it means. */
static void
test_login_urls(void)
{
	static const struct {
		const char *text, *want;	/* NULL: refused */
	} cases[] = {
		{ "acme", "https://acme.my.salesforce.com" },
		{ "Acme", "https://acme.my.salesforce.com" },
		{ "acme--dev", "https://acme--dev.sandbox.my.salesforce.com" },
		{ "acme-dev-ed", "https://acme-dev-ed.develop.my.salesforce.com" },
		{ "acme.my.salesforce.com", "https://acme.my.salesforce.com" },
		{ "https://acme.my.salesforce.com/", "https://acme.my.salesforce.com" },
		{ "http://acme.my.salesforce.com", "https://acme.my.salesforce.com" },
		{ "https://acme.my.salesforce.com/001/o?x=1#y", "https://acme.my.salesforce.com" },
		{ "https://acme.lightning.force.com/lightning/page/home",
		    "https://acme.my.salesforce.com" },
		{ "https://acme--dev.sandbox.lightning.force.com/one/one.app#/x",
		    "https://acme--dev.sandbox.my.salesforce.com" },
		{ "https://acme-dev-ed.develop.my.salesforce-setup.com/lightning/setup/Home",
		    "https://acme-dev-ed.develop.my.salesforce.com" },
		{ "https://acme.my.salesforce.mil", "https://acme.my.salesforce.mil" },
		{ "https://acme.my.site.com/portal", "https://acme.my.site.com" },
		{ "127.0.0.1:18900/lightning", "http://127.0.0.1:18900" },
		{ "http://localhost:18900", "http://localhost:18900" },
		{ "https://login.salesforce.com", NULL },
		{ "test.salesforce.com/?locale=de", NULL },
		{ "https://acme--c.vf.force.com/apex/x", NULL },
		{ "acme inc", NULL },
		{ "it@example.org", NULL },
		{ "", NULL },
		{ "https://", NULL },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char url[HOST_SIZE + 16] = "";
		const char *why = host_login_url(cases[i].text, url);

		is_str(why ? NULL : url, cases[i].want, cases[i].text);
	}
}

static void
test_cli_logins(void)
{
	static const char text[] = "{\"status\":0,\"result\":["
		"{\"alias\":\"prod,p\",\"username\":\"it@example.org\",\"accessToken\":\"00D!x\","
		"\"instanceUrl\":\"https://acme.my.salesforce.com/\"},"
		"{\"username\":\"broken@example.org\",\"error\":\"cannot be read\","
		"\"instanceUrl\":\"https://acme.my.salesforce.com\"},"
		"{\"username\":\"u@example.org\",\"instanceUrl\":\"http://127.0.0.1:1\"}],"
		"\"warnings\":[]}";
	struct sfdx_login l[SFDX_LOGINS];
	size_t n = sfdx_logins(text, l);

	is_int((int)n, 2, "a login that the CLI cannot read is left out");
	if (n == 2) {
		is_str(l[0].url, "https://acme.my.salesforce.com", "its URL ends without a slash");
		is_str(l[0].alias, "prod,p", "it has its aliases");
		is_str(l[1].username, "u@example.org", "one without an alias is there");
	}
	sfdx_logins_free(l, n);
	is_int((int)sfdx_logins("[REDACTED]", l), 0, "another text has no logins");
}

static void
test_errors(void)
{
	static const struct {
		const char *error, *description;
		int rc;
		enum oauth_kind kind;
		const char *remedy;
	} cases[] = {
		{ "invalid_grant", "expired access/refresh token", -EACCES, OAUTH_DEAD,
		    "log in again" },
		{ "invalid_grant", "Expired Access/Refresh Token", -EACCES, OAUTH_DEAD,
		    "log in again" },
		{ "invalid_grant", "token request is already being processed", -EAGAIN, OAUTH_BUSY,
		    "another program" },
		{ "invalid_grant", "expired authorization code", -EACCES, OAUTH_REFUSED, "clock" },
		{ "invalid_grant", "IP restricted or invalid login hours", -EACCES, OAUTH_REFUSED,
		    "Login IP Ranges" },
		{ "invalid_grant", "ip restricted", -EACCES, OAUTH_REFUSED, "Login IP Ranges" },
		{ "invalid_grant", "user hasn't approved this consumer", -EACCES, OAUTH_REFUSED,
		    "pre-authorized" },
		{ "invalid_grant", "request not supported on this domain", -EACCES, OAUTH_REFUSED,
		    "My Domain" },
		{ "invalid_grant", "no client credentials user enabled", -EACCES, OAUTH_REFUSED,
		    "Run As" },
		{ "invalid_grant", "client credentials flow not enabled", -EACCES, OAUTH_REFUSED,
		    "enables this flow" },
		{ "invalid_grant", "no valid scopes defined", -EACCES, OAUTH_REFUSED, "scope api" },
		{ "invalid_grant", "a text of next year", -EACCES, OAUTH_REFUSED, "Login History" },
		{ "invalid_app_access", "user is not admin approved to access this app", -EACCES,
		    OAUTH_REFUSED, "permission set" },
		{ "OAUTH_APP_ACCESS_DENIED", NULL, -EACCES, OAUTH_REFUSED, "permission set" },
		{ "invalid_client_id", "client identifier invalid", -EACCES, OAUTH_REFUSED,
		    "Consumer Key" },
		{ "invalid_client", "invalid client credentials", -EACCES, OAUTH_REFUSED,
		    "client_secret" },
		{ "redirect_uri_mismatch", "redirect_uri must match configuration", -EACCES,
		    OAUTH_REFUSED, "Callback URL" },
		{ "access_denied", "end-user denied authorization", -EACCES, OAUTH_REFUSED,
		    "Deny" },
		{ "access-denied", "end-user denied authorization", -EACCES, OAUTH_REFUSED,
		    "Deny" },
		{ "rate_limit_exceeded", "number of logins exceeded", -EACCES, OAUTH_RATE,
		    "an hour" },
		{ "invalid_grant", "login rate exceeded", -EACCES, OAUTH_RATE, "an hour" },
		{ "OAUTH_EC_APP_NOT_FOUND", "External client app is not installed in this org",
		    -EACCES, OAUTH_REFUSED, "My Domain" },
		{ "unknown_error", "retry your request", -EAGAIN, OAUTH_FAULT, "again" },
		{ "no_such_error", NULL, -EACCES, OAUTH_REFUSED, "Login History" },
		{ NULL, NULL, -EACCES, OAUTH_REFUSED, "Login History" },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct oauth_failure f;
		int rc = oauth_explain(cases[i].error, cases[i].description, &f);

		ok(rc == cases[i].rc && f.kind == cases[i].kind && strstr(f.text, cases[i].remedy),
		    "%s, %s: %s", cases[i].error ? cases[i].error : "nothing",
		    cases[i].description ? cases[i].description : "nothing", f.text);
	}
	struct oauth_failure f;
	char *flood = malloc(100001);
	memset(flood, 'x', 100000);
	flood[100000] = '\0';
	oauth_explain(flood, flood, &f);
	ok(strstr(f.text, "Login History") != NULL,
	    "a long text of Salesforce leaves room for the remedy");
	free(flood);
	oauth_explain("invalid_grant",
	    "this text is longer than what there is room for, as an admin may write it for a login "
	    "flow, or a proxy for its page: it goes on and on about what is forbidden here and why "
	    "that is so, and about whom to ask if somebody thinks that it should be otherwise",
	    &f);
	ok(strstr(f.text, " that it...: Setup > Login History") != NULL,
	    "and ends with a whole word");
}

#define IDS	"\"id\":\"https://login.salesforce.com/id/00Dx0000000BV7zEAG/005x00000012Q9PAAU\""
#define GOOD	"\"access_token\":\"00D!x\",\"instance_url\":\"" MY "\"," IDS

static void
test_answers(void)
{
	static const struct {
		const char *what;
		int status;
		const char *body;
		int rc;
		const char *refresh;
	} cases[] = {
		{ "the smallest answer", 200, "{" GOOD "}", 0, NULL },
		{ "a refresh token", 200,
		    "{" GOOD ",\"refresh_token\":\"5Aep861\",\"scope\":\"api\",\"new\":[{}]}", 0,
		    "5Aep861" },
		{ "Ids of 15 characters", 200,
		    "{\"access_token\":\"eyJ.x.y\",\"instance_url\":\"" MY
		    "\",\"id\":\"https://x/id/00Dx0000000BV7z/005x00000012Q9P\"}",
		    0, NULL },
		{ "no access token", 200, "{\"instance_url\":\"" MY "\"," IDS "}", -EHOSTUNREACH,
		    NULL },
		{ "no instance", 200, "{\"access_token\":\"00D!x\"," IDS "}", -EHOSTUNREACH, NULL },
		{ "no id", 200, "{\"access_token\":\"00D!x\",\"instance_url\":\"" MY "\"}",
		    -EHOSTUNREACH, NULL },
		{ "an id that would be a path", 200,
		    "{\"access_token\":\"00D!x\",\"instance_url\":\"" MY
		    "\",\"id\":\"https://x/id/00D/../../../../../../005x00000012Q9P\"}",
		    -EHOSTUNREACH, NULL },
		{ "a line break in the token", 200,
		    "{\"access_token\":\"00D\\r\\nX: y\",\"instance_url\":\"" MY "\"," IDS "}",
		    -EHOSTUNREACH, NULL },
		{ "a foreign host", 200,
		    "{\"access_token\":\"00D!x\",\"instance_url\":\"https://evil.example\"," IDS
		    "}",
		    -EACCES, NULL },
		{ "an error", 400,
		    "{\"error\":\"invalid_grant\",\"error_description\":\"expired access/refresh "
		    "token\"}",
		    -EACCES, NULL },
		{ "a proxy's idea of an error", 403, "{\"error\":\"Forbidden\"}",
		    -EHOSTUNREACH, NULL },
		{ "an error with status 200", 200, "{\"error\":\"invalid_grant\"}", -EACCES, NULL },
		{ "a page of an outage", 503, "<html>down</html>", -EAGAIN, NULL },
		{ "a page of another host", 404, "<html>?</html>", -EHOSTUNREACH, NULL },
		{ "a page with status 200", 200, "<html>?</html>", -EHOSTUNREACH, NULL },
		{ "a redirect", 302, "", -EHOSTUNREACH, NULL },
		{ "an array", 200, "[]", -EHOSTUNREACH, NULL },
		{ "half an answer", 200, "{\"access_token\":\"00D!x\",", -EHOSTUNREACH, NULL },
		{ "nothing", 200, "", -EHOSTUNREACH, NULL },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct oauth_grant g = { 0 };
		struct oauth_failure f = { 0 };
		int rc = oauth_read_answer(cases[i].status, cases[i].body, MY, &g, &f);

		is_int(rc, cases[i].rc, cases[i].what);
		if (rc == 0) {
			ok(strcmp(g.org_id, "00Dx0000000BV7zEAG") == 0 &&
				strcmp(g.user_id, "005x00000012Q9PAAU") == 0,
			    "%s: org %s, user %s", cases[i].what, g.org_id, g.user_id);
			is_str(g.refresh_token.bytes, cases[i].refresh,
			    "the grant has its refresh token");
			is_str(g.instance_url, MY, "the grant has its instance");
		} else {
			ok(*f.text && !strstr(f.text, "00D!x"), "%s is told, without the token: %s",
			    cases[i].what, f.text);
		}
		oauth_grant_free(&g);
	}
}

static void
test_pkce(void)
{
	static const struct {
		const char *bytes, *want;
	} cases[] = {
		/* RFC 4648, section 10, without the padding */
		{ "", "" },
		{ "f", "Zg" },
		{ "fo", "Zm8" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg" },
		{ "fooba", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "-__-" },
	};
	char challenge[PKCE_CHALLENGE_SIZE], verifier[PKCE_VERIFIER_SIZE],
	    other[PKCE_VERIFIER_SIZE];

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct buf b = BUF_INIT;

		jwt_put_base64url(&b, cases[i].bytes, strlen(cases[i].bytes));
		is_str(buf_str(&b), cases[i].want, "base64url encodes");
		buf_free(&b);
	}
	pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge);
	is_str(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
	    "the challenge of RFC 7636, appendix B");
	ok(pkce_verifier(verifier) == 0 && pkce_verifier(other) == 0 &&
		strcmp(verifier, other) != 0,
	    "verifiers differ");
	ok(strlen(verifier) == 86 &&
		strspn(verifier,
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == 86,
	    "a verifier has 86 characters of those that RFC 7636 allows");
}

static char *
pem_of(EVP_PKEY *key, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;

	PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase ? EVP_aes_128_cbc() : NULL, passphrase,
	    passphrase ? (int)strlen(passphrase) : 0, NULL, NULL);
	long n = BIO_get_mem_data(bio, &text);
	char *copy = strndup(text, (size_t)n);
	BIO_free(bio);
	return copy;
}

static size_t
decode(const char *s, size_t n, unsigned char *out)
{
	char text[4096];
	size_t pad = (4 - n % 4) % 4;

	memcpy(text, s, n);
	memset(text + n, '=', pad);
	for (size_t i = 0; i < n; i++)
		text[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
	int len = EVP_DecodeBlock(out, (unsigned char *)text, (int)(n + pad));
	out[len < 0 ? 0 : (size_t)len - pad] = '\0';
	return len < 0 ? 0 : (size_t)len - pad;
}

static void
test_jwt(void)
{
	const struct jwt_claims claims = { .iss = "3MVG9.x",
		.sub = "it@example.org",
		.aud = "https://login.salesforce.com",
		.exp = 1700000000 };
	EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256");
	char *pem = pem_of(rsa, NULL), *locked = pem_of(rsa, "open"), *other = pem_of(ec, NULL);
	unsigned char text[4096];
	struct buf out = BUF_INIT;

	is_int(jwt_sign(&claims, pem, &out), 0, "an assertion is signed");
	const char *body = strchr(buf_str(&out), '.'),
		   *signature = body ? strrchr(out.data, '.') : NULL;
	ok(body && signature > body, "it has three parts");
	decode(out.data, (size_t)(body - out.data), text);
	is_str((char *)text, "{\"alg\":\"RS256\"}", "an assertion names its algorithm");
	decode(body + 1, (size_t)(signature - body - 1), text);
	cJSON *json = cJSON_Parse((char *)text);
	is_str(cJSON_GetStringValue(cJSON_GetObjectItem(json, "iss")), claims.iss,
	    "an assertion has iss");
	is_str(cJSON_GetStringValue(cJSON_GetObjectItem(json, "sub")), claims.sub,
	    "an assertion has sub");
	is_str(cJSON_GetStringValue(cJSON_GetObjectItem(json, "aud")), claims.aud,
	    "an assertion has aud");
	is_int((long long)cJSON_GetNumberValue(cJSON_GetObjectItem(json, "exp")), claims.exp,
	    "an assertion has exp in seconds");
	cJSON_Delete(json);

	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = decode(signature + 1, strlen(signature + 1), text);
	EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, rsa);
	ok(EVP_DigestVerify(ctx, text, n, (unsigned char *)out.data,
	       (size_t)(signature - out.data)) == 1,
	    "OpenSSL says that the signature is good");
	EVP_MD_CTX_free(ctx);

	is_int(jwt_sign(&claims, locked, &out), -EINVAL,
	    "a key with a passphrase is refused, and nobody is asked for it");
	is_int(jwt_sign(&claims, other, &out), -EINVAL, "a key that is not RSA is refused");
	is_int(jwt_sign(&claims, "-----BEGIN PRIVATE KEY-----\nxx\n", &out), -EINVAL,
	    "half a key is refused");
	is_int(jwt_sign(&claims, "", &out), -EINVAL, "no key is refused");
	buf_free(&out);
	free(pem);
	free(locked);
	free(other);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

static void
test_sfdx(void)
{
	static const struct {
		const char *text;
		int rc;
		const char *id, *secret, *token, *host;
	} cases[] = {
		{ "force://PlatformCLI::5Aep.861_-x@acme.my.salesforce.com", 0, "PlatformCLI", NULL,
		    "5Aep.861_-x", "acme.my.salesforce.com" },
		{ "force://3MVG9:s3cr3t==:5Aep==@acme.my.salesforce.com\n", 0, "3MVG9",
		    "s3cr3t==", "5Aep==", "acme.my.salesforce.com" },
		{ "  force://a:b:c@localhost:8080 \r\n", 0, "a", "b", "c", "localhost:8080" },
		{ "{\"sfdxAuthUrl\":\"force://a:b:c@h.example\"}", 0, "a", "b", "c", "h.example" },
		{ "\n{\"status\":0,\"result\":{\"orgId\":\"00D\","
		    "\"sfdxAuthUrl\":\"force://a::c@h.example\"}}",
		    0, "a", NULL, "c", "h.example" },
		{ "force://a:b:c@h.example/", -EINVAL, NULL, NULL, NULL, NULL },
		{ "force://a:b:c@", -EINVAL, NULL, NULL, NULL, NULL },
		{ "force://a:b:@h.example", -EINVAL, NULL, NULL, NULL, NULL },
		{ "force://:b:c@h.example", -EINVAL, NULL, NULL, NULL, NULL },
		{ "force://a:c@h.example", -EINVAL, NULL, NULL, NULL, NULL },
		{ "force://a:b:c===@h.example", -EINVAL, NULL, NULL, NULL, NULL },
		{ "force://a:b:c@evil@h.example", -EINVAL, NULL, NULL, NULL, NULL },
		{ "force://a:b:c&x=y@h.example", -EINVAL, NULL, NULL, NULL, NULL },
		{ "https://acme.my.salesforce.com", -EINVAL, NULL, NULL, NULL, NULL },
		{ "{\"result\":{}}", -EINVAL, NULL, NULL, NULL, NULL },
		{ "{", -EINVAL, NULL, NULL, NULL, NULL },
		{ "", -EINVAL, NULL, NULL, NULL, NULL },
	};
	struct secret s = { NULL };

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct sfdx_url u = { 0 };

		is_int(sfdx_url_parse(cases[i].text, &u), cases[i].rc, cases[i].text);
		is_str(u.client_id, cases[i].id, "an SFDX auth URL has its client id");
		is_str(u.client_secret.bytes, cases[i].secret,
		    "an SFDX auth URL has its client secret");
		is_str(u.refresh_token.bytes, cases[i].token,
		    "an SFDX auth URL has its refresh token");
		is_str(u.host, cases[i].host, "an SFDX auth URL has its host");
		sfdx_url_free(&u);
	}
	ok(sfdx_value("{\"status\":0,\"result\":{\"accessToken\":\"00D!x\"},\"warnings\":[]}",
	       "accessToken", &s) == 0 &&
		secret_equal(&s, "00D!x"),
	    "the token in the output of sf is read");
	is_int(sfdx_value("{\"status\":1,\"name\":\"NoOrgFound\"}", "accessToken", &s), -EINVAL,
	    "an error in the output of sf is refused");
	secret_free(&s);
}

static void
test_authorize_url(void)
{
	struct config c = { .login_url = (char *)MY,
		.client_id = (char *)"3MVG9",
		.redirect_uri = (char *)"http://localhost:1717/OauthRedirect" };
	struct buf b = BUF_INIT;

	is_int(oauth_authorize_url(&c, "st_-", "ch", &b), 0, "the URL for the browser is made");
	is_str(buf_str(&b),
	    MY "/services/oauth2/authorize?response_type=code&client_id=3MVG9"
	       "&redirect_uri=http%3A%2F%2Flocalhost%3A1717%2FOauthRedirect"
	       "&scope=api%20refresh_token&state=st_-&code_challenge=ch"
	       "&code_challenge_method=S256&prompt=login",
	    "the URL for the browser has all parameters");
	buf_free(&b);
}

static void
test_commands(void)
{
	static const struct {
		const char *command;
		int rc;
		const char *want;		/* NULL: refused, as `says` says */
		const char *says;
	} cases[] = {
		{ "printf s3cr3t", 0, "s3cr3t", NULL },
		{ "echo '  two words  '", 0, "two words", NULL },
		{ "printf 'a\\nb\\n\\n'", 0, "a\nb", NULL },
		{ "cat; echo end", 0, "end", NULL },		/* nothing on standard input */
		{ "printf half; exit 3", -EINVAL, NULL, "ended with status 3" },
		{ "true", -EINVAL, NULL, "printed nothing" },
		{ "echo ' '", -EINVAL, NULL, "printed nothing" },
		{ "printf 'a\\0b'", -EINVAL, NULL, "printed a NUL" },
		{ "kill -9 $$", -EINVAL, NULL, "Killed" },
		{ "false", -EINVAL, NULL, "ended with status 1" },
		{ "head -c 3000000 /dev/zero | tr '\\0' x", -EINVAL, NULL, NULL },
		{ "/no/such/program", -EINVAL, NULL, "ended with status 127" },
	};

	struct buf said = BUF_INIT;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct secret s = { NULL };

		is_int(command_secret("client_secret_cmd", cases[i].command, &s), cases[i].rc,
		    cases[i].command);
		is_str(s.bytes, cases[i].want, "the secret is what the command printed");
		secret_free(&s);
		buf_clear(&said);
		log_tail(&said);
		const char *last = memrchr(buf_str(&said), '\n', said.len ? said.len - 1 : 0);
		ok(!cases[i].says || strstr(last ? last : buf_str(&said), cases[i].says),
		    "the log says why there is no secret");
	}
	buf_free(&said);
}

int
main(void)
{
	log_level_set(LOG_LEVEL_ERROR);
	test_hosts();
	test_login_urls();
	test_cli_logins();
	test_errors();
	test_answers();
	test_pkce();
	test_jwt();
	test_sfdx();
	test_authorize_url();
	test_commands();
	return tap_done();
}
