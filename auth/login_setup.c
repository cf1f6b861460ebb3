/* login --setup: how the app in Salesforce is made, for the flow that the config names. */
#include <stdio.h>

#include "login.h"

static const char begin[] =
    "In Salesforce, as an admin of %s:\n"
    "\n"
    "1. Setup, Quick Find \"External Client App Manager\", New External Client App.\n"
    "   A name, a contact e-mail, Distribution State: Local.\n"
    "2. API (Enable OAuth Settings), Enable OAuth. Callback URL, exactly:\n"
    "       %s\n"
    "3. OAuth Scopes: Manage user data via APIs (api)%s\n";

static const char *const steps[] = {
	[CONFIG_WEB] =
	    "4. Security: Require PKCE. To do without client_secret, uncheck Require Secret for Web\n"
	    "   Server Flow and Require Secret for Refresh Token Flow.\n",
	[CONFIG_JWT] =
	    "4. Flow Enablement: Enable JWT Bearer Flow, and upload the certificate of private_key:\n"
	    "       openssl req -x509 -newkey rsa:2048 -nodes -days 730 -subj /CN=sffs -keyout KEY -out CERT\n"
	    "   After Create, under Policies: Permitted Users \"Admin approved users are pre-authorized\",\n"
	    "   and the profile or a permission set of the user.\n",
	[CONFIG_CLIENT_CREDENTIALS] =
	    "4. Flow Enablement: Enable Client Credentials Flow.\n"
	    "   After Create, under Policies: Enable Client Credentials Flow, and Run As the user, by\n"
	    "   exact Username.\n",
};

static const char end[] =
    "5. Create; then Settings, OAuth Settings, Consumer Key and Secret: they are client_id and\n"
    "   client_secret in %s.\n"
    "\n"
    "The app works two to ten minutes later, sometimes thirty: sffs-auth login --wait %s\n";

void
login_setup(const struct config *c)
{
	printf(begin, c->login_url, c->redirect_uri,
	    c->flow == CONFIG_WEB ? ",\n   and Perform requests at any time (refresh_token, offline_access)" : "");
	fputs(steps[c->flow], stdout);
	printf(end, c->file, c->org);
}
