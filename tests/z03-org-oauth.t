#!/bin/sh
# The simulated org has Salesforce's logins: pages, codes with PKCE, refresh tokens with and without rotation,
# assertions, errors.
. "${0%/*}/lib.sh"

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$TMP/jwt.pem" -out "$TMP/jwt.crt" -days 30 -subj /CN=app 2>/dev/null
openssl genrsa -out "$TMP/other.pem" 2048 2>/dev/null
org_start --synthetic 10 --jwt-cert "$TMP/jwt.crt" --redirect-uri http://localhost:1717/OauthRedirect --redirect-uri \
	http://localhost:1718/cb?x=1

key() { sed -n "s/^$1 = //p" "$XDG_CONFIG_HOME/sffs/config"; }
ID=$(key client_id) SECRET=$(key client_secret) USER=integration@example.com
BACK=http://localhost:1717/OauthRedirect
VERIFIER=0123456789-0123456789-0123456789-0123456789-0123456789
CHALLENGE=$(printf %s "$VERIFIER" | openssl dgst -sha256 -binary | openssl base64 -A | tr '+/' '-_' | tr -d =)
# page has the page of the browser, $TMP/head the headers of a redirect.
browse() { curl -sS -b "$TMP/jar" -c "$TMP/jar" -D "$TMP/head" "$@" >"$TMP/page"; }
authorize() { browse -G "$ORG_URL/services/oauth2/authorize" --data-urlencode "client_id=$ID" -d response_type=code \
	--data-urlencode "redirect_uri=$BACK" "$@"; }
location() { tr -d '\r' <"$TMP/head" | sed -n 's/^Location: //Ip'; }
part() { location | sed -n "s/.*[?&]$1=\([^&]*\).*/\1/p" | sed 's/%3D/=/g; s/%20/ /g'; }
status() { sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$TMP/head"; }
token() { grant=$1; shift; curl -sS "$ORG_URL/services/oauth2/token" -d "grant_type=$grant" -d "client_id=$ID" -d \
	"client_secret=$SECRET" "$@" >"$TMP/answer"; }
field() { jq -r ".$1 // empty" "$TMP/answer"; }
why() { jq -r '"\(.error): \(.error_description)"' "$TMP/answer"; }
alive() { curl -sS -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" "$ORG_URL/services/data/v66.0/limits"; }

# The pages for a person
authorize -d state=one -d "code_challenge=$CHALLENGE" -d code_challenge_method=S256 -d scope=refresh_token+api -d \
	prompt=login -d login_hint=$USER
like 'authorize shows a login form with the username of login_hint' "$(cat "$TMP/page")" \
	"*<form method=\"post\" action=\"/login\">*value=\"$USER\"*type=\"password\"*"
ask=$(sed -n 's/.*name="id" value="\([^"]*\)".*/\1/p' "$TMP/page")
browse "$ORG_URL/allow" -d "id=$ask" -d answer=allow
like 'Allow before the login shows the login form' "$(cat "$TMP/page")" '*type="password"*'
browse "$ORG_URL/login" -d "id=$ask" -d username=$USER -d password=wrong
like 'a wrong password shows an alert' "$(cat "$TMP/page")" '*Please check your username and password*'
browse "$ORG_URL/login" -d "id=$ask" -d username=$USER -d password=simulated
like 'after the login the page asks what the app may do' "$(cat "$TMP/page")" \
	'*Allow Access?*Manage user data via APIs*Perform requests at any time*Deny*Allow*'
browse "$ORG_URL/allow" -d "id=$ask" -d answer=allow
like 'Allow sends the browser back with a code and the state' "$(status) $(location)" \
	"302 $BACK[?]code=aPrx*%3D%3D&state=one"
code=$(part code)
browse "$ORG_URL/allow" -d "id=$ask" -d answer=allow
is 'a second Allow is 400' "$(status)" 400

# The code
token authorization_code --data-urlencode "code=x$code" --data-urlencode "redirect_uri=$BACK" -d \
	"code_verifier=$VERIFIER"
is 'an unknown code is refused' "$(why)" 'invalid_grant: invalid authorization code'
token authorization_code --data-urlencode "code=$code" --data-urlencode "redirect_uri=$BACK" -d \
	"code_verifier=$VERIFIER"
is 'a code gives an access token and a refresh token' "$(jq -c keys "$TMP/answer") $(field scope)" \
	'["access_token","id","instance_url","issued_at","refresh_token","scope","signature",'\
'"token_type"] api refresh_token'
is 'the access token of a code works' "$(alive "$(field access_token)")" 200
refresh=$(field refresh_token) access=$(field access_token)
token authorization_code --data-urlencode "code=$code" --data-urlencode "redirect_uri=$BACK" -d \
	"code_verifier=$VERIFIER"
is 'a code works once' "$(why)" 'invalid_grant: expired authorization code'
authorize -d state=two
is 'a user who is logged in and has allowed the app is not asked again' "$(status) $(part state)" '302 two'
code=$(part code)
org set -d skew=901
token authorization_code --data-urlencode "code=$code" --data-urlencode "redirect_uri=$BACK"
is 'a code expires after 15 minutes' "$(why)" 'invalid_grant: expired authorization code'
org set -d skew=0
authorize -d prompt=consent
like 'prompt=consent asks again' "$(cat "$TMP/page")" '*Allow Access?*'
browse "$ORG_URL/allow" -d "id=$(sed -n 's/.*name="id" value="\([^"]*\)".*/\1/p' "$TMP/page")" -d answer=deny
is 'Deny sends access_denied to the app' "$(part error): $(part error_description)" \
	'access_denied: end-user denied authorization'
authorize -d immediate=true
is 'immediate=true with a session gives a code' "$(part code | cut -c1-4)" aPrx
rm "$TMP/jar"
authorize -d immediate=true
is 'immediate=true without a session is refused' "$(part error)" immediate_unsuccessful

# Without a person from here on
org set -d auto-approve=2
authorize -d state=three
is 'auto-approve=2 denies' "$(part error) $(part state)" 'access_denied three'
org set -d auto-approve=1
exchange() { token authorization_code --data-urlencode "code=$(part code)" --data-urlencode "redirect_uri=$BACK" "$@"; }
login() { authorize "$@"; exchange; }
authorize -d "code_challenge=$CHALLENGE"; exchange
is 'a code with a challenge needs a verifier' "$(why)" 'invalid_grant: invalid code verifier'
authorize -d "code_challenge=$CHALLENGE"; exchange -d "code_verifier=x$VERIFIER"
is 'a code with a challenge refuses a wrong verifier' "$(why)" 'invalid_grant: invalid code verifier'
authorize; token authorization_code --data-urlencode "code=$(part code)" --data-urlencode "redirect_uri=$BACK/"
is 'the token endpoint checks the callback URL again' "$(why)" \
	'redirect_uri_mismatch: redirect_uri must match configuration'
org set -d require-pkce=1
authorize
like 'with require-pkce authorize refuses a request without a challenge' "$(status) $(cat "$TMP/page")" \
	'400 *error=invalid_request&amp;error_description=missing required code challenge*'
org set -d require-pkce=0 -d secret-web=0
authorize -d "code_challenge=$CHALLENGE"
curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=authorization_code -d "client_id=$ID" --data-urlencode \
	"code=$(part code)" \
	--data-urlencode "redirect_uri=$BACK" -d "code_verifier=$VERIFIER" >"$TMP/answer"
is 'an app without a secret gets a token with a verifier' "$(field token_type)" Bearer
authorize
curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=authorization_code -d "client_id=$ID" --data-urlencode \
	"code=$(part code)" \
	--data-urlencode "redirect_uri=$BACK" >"$TMP/answer"
is 'an app without a secret gets no token without a verifier' "$(why)" 'invalid_client: invalid client credentials'
org set -d secret-web=1
login -d scope=web
is 'without the scope refresh_token there is no refresh token' "$(field refresh_token)" ''
is 'without the scope api the REST API refuses the token' "$(curl -sS -H "Authorization: Bearer $(field access_token)" \
	"$ORG_URL/services/data/v66.0/limits" | jq -r '.[0].message')" \
	'This session is not valid for use with the REST API'
login -d login_hint=alice.adams@example.com
is 'login_hint chooses the user' \
	"$(curl -sS "$ORG_URL/services/oauth2/userinfo" -H "Authorization: Bearer $(field access_token)" |
	jq -r .preferred_username)" alice.adams@example.com

# Requests that authorize refuses, by a page or back to the app
refused() {
	what=$1 want=$2; shift 2
	authorize "$@"
	is "authorize: $what" "$(status) $(location | sed 's/.*error=\([^&]*\).*/\1/')$(sed -n \
		's/.*>\(error=[^&<]*\).*/\1/p' "$TMP/page")" "$want"
}
ID=x refused 'an unknown client' '400 error=invalid_client_id'
BACK=http://localhost:1717/ refused 'a callback URL that is not registered' '400 error=redirect_uri_mismatch'
refused 'a scope that the app does not have' '302 invalid_scope' -d scope=openid
org set -d refresh-scope=0
refused 'refresh_token of an app without that scope' '302 OAUTH_APPROVAL_ERROR_GENERIC' -d scope=refresh_token
org set -d refresh-scope=1 -d approved=0
refused 'a user who is not approved' '302 OAUTH_APP_ACCESS_DENIED'
org set -d approved=1
org fault -d kind=oauth-error -d name=not-installed
refused 'a fault that shows a page' '400 error=OAUTH_EC_APP_NOT_FOUND'
org fault -d kind=oauth-error -d name=blocked
refused 'a fault that goes back to the app' '302 OAUTH_APP_BLOCKED'
browse -X POST "$ORG_URL/services/oauth2/authorize" -d x=y
like 'authorize refuses POST' "$(cat "$TMP/page")" '*must use HTTP GET*'
BACK='http://localhost:1718/cb?x=1' authorize -d state=four
like 'authorize keeps the query of a callback URL' "$(location)" 'http://localhost:1718/cb[?]x=1&code=*&state=four'

# Refresh
token refresh_token -d "refresh_token=$refresh"
is 'a refresh gives an access token and no refresh token' \
	"$(field token_type) $(field refresh_token) $(alive "$(field access_token)")" 'Bearer  200'
token refresh_token -d "refresh_token=$refresh"
is 'without rotation a refresh token works again' "$(field token_type)" Bearer
org set -d moved=1
token refresh_token -d "refresh_token=$refresh"
is 'with moved=1 a refresh gives another instance_url' "$(field instance_url)" "http://localhost:${ORG_URL##*:}"
org set -d moved=0 -d rotate=1
token refresh_token -d "refresh_token=$refresh"
next=$(field refresh_token) last=$(field access_token)
ok 'with rotation a refresh gives a new refresh token' test -n "$next" -a "$next" != "$refresh"
token refresh_token -d "refresh_token=$refresh"
is 'with rotation the old refresh token is refused' "$(why)" 'invalid_grant: expired access/refresh token'
token refresh_token -d "refresh_token=$next"
is 'the use of an old refresh token revokes the new one' "$(why)" 'invalid_grant: expired access/refresh token'
is 'the use of an old refresh token revokes its access tokens' "$(alive "$last") $(alive "$access")" '401 401'
org set -d rotate=0 -d secret-refresh=0
refresh=$(org approve -X POST)
curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=refresh_token -d "client_id=$ID" -d "refresh_token=$refresh" \
	>"$TMP/answer"
is 'with secret-refresh=0 a refresh needs no secret' "$(field token_type)" Bearer
org set -d secret-refresh=1
curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=refresh_token -d "client_id=$ID" -d "refresh_token=$refresh" \
	>"$TMP/answer"
is 'with secret-refresh=1 a refresh needs the secret' "$(why)" 'invalid_client: invalid client credentials'
org set -d refresh-idle=3600 -d skew=3601
token refresh_token -d "refresh_token=$refresh"
is 'a refresh token expires when it is not used' "$(why)" 'invalid_grant: expired access/refresh token'
org set -d refresh-idle=0 -d skew=0

# Two refreshes at once: the first takes long, the second gets an error
refresh=$(org approve -X POST)
org set -d refresh-time=600000
org_forget
for i in 1 2; do
	curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=refresh_token -d "client_id=$ID" -d \
		"client_secret=$SECRET" -d "refresh_token=$refresh" >"$TMP/answer.$i" &
done
org_wait 'POST */token' 2
org wait -G --data-urlencode 'match=POST */token' -d state=ended -d count=1
org release -X POST >/dev/null
org wait -G --data-urlencode 'match=POST */token' -d state=ended -d count=2
org set -d refresh-time=0
is 'of two refreshes at once the second gets an error' \
	"$(cat "$TMP/answer.1" "$TMP/answer.2" | jq -r '.error_description // .token_type' | sort |
	tr '\n' ' ')" \
	'Bearer token request is already being processed '

# Five approvals a user
org revoke -X POST
one=$(org approve -X POST); two=$(org approve -X POST)
for i in 3 4 5; do org approve -X POST >/dev/null; done
token refresh_token -d "refresh_token=$one"
is 'five approvals of a user all work' "$(field token_type)" Bearer
org approve -X POST >/dev/null
token refresh_token -d "refresh_token=$one"
is 'a sixth approval revokes the oldest' "$(why)" 'invalid_grant: expired access/refresh token'
token refresh_token -d "refresh_token=$two"
is 'a sixth approval revokes no other' "$(field token_type)" Bearer

# Assertions
b64() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
now=$(date +%s)
# assertion KEY ISS SUB AUD EXP [ALG]
assertion() {
	text=$(printf '{"alg":"%s"}' "${6-RS256}" | b64).$(printf '{"iss":"%s","sub":"%s","aud":"%s","exp":%s}' "$2" \
		"$3" "$4" "$5" | b64)
	printf '%s.%s' "$text" "$(printf %s "$text" | openssl dgst -sha256 -sign "$1" -binary | b64)"
}
jwt() { curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer -d \
	"assertion=$1" ${2+-d "$2"} >"$TMP/answer"; }
jwt "$(assertion "$TMP/jwt.pem" "$ID" $USER https://login.salesforce.com $((now + 180)))"
is 'an assertion gives an access token and no refresh token' \
	"$(field token_type) $(field refresh_token) $(alive "$(field access_token)")" 'Bearer  200'
jwt "$(assertion "$TMP/jwt.pem" "$ID" bob.brown@example.com "$ORG_URL/services/oauth2/token" $((now + 180))000)"
is 'an assertion may name another user, the token endpoint, and milliseconds' "$(field token_type)" Bearer
jwt_refused() { what=$1 want=$2; shift 2; jwt "$(assertion "$@")"; is "assertion: $what" "$(why)" "$want"; }
jwt_refused 'signed with another key' 'invalid_grant: invalid assertion' "$TMP/other.pem" "$ID" $USER \
	https://login.salesforce.com $((now + 180))
jwt_refused 'signed with another algorithm' 'invalid_grant: invalid assertion' "$TMP/jwt.pem" "$ID" $USER \
	https://login.salesforce.com $((now + 180)) none
jwt_refused 'another app' 'invalid_client_id: client identifier invalid' "$TMP/jwt.pem" x $USER \
	https://login.salesforce.com $((now + 180))
jwt_refused 'another audience' 'invalid_grant: Audience validation failed' "$TMP/jwt.pem" "$ID" $USER \
	https://test.salesforce.com $((now + 180))
jwt_refused 'expired' 'invalid_grant: expired authorization code' "$TMP/jwt.pem" "$ID" $USER \
	https://login.salesforce.com $((now - 10))
jwt_refused 'an unknown user' "invalid_grant: user hasn't approved this consumer" "$TMP/jwt.pem" "$ID" \
	nobody@example.com \
	https://login.salesforce.com $((now + 180))
org set -d consented=0
jwt_refused 'a user who has not approved the app' "invalid_grant: user hasn't approved this consumer" "$TMP/jwt.pem" \
	"$ID" $USER \
	https://login.salesforce.com $((now + 180))
org set -d consented=1
jwt "$(assertion "$TMP/jwt.pem" "$ID" $USER https://login.salesforce.com $((now + 180)))" scope=api
is 'an assertion with a scope is refused' "$(why)" 'invalid_request: scope parameter not supported'

# Introspection and revocation of tokens
token client_credentials; access=$(field access_token)
introspect() { curl -sS "$ORG_URL/services/oauth2/introspect" -d "client_id=$ID" -d "client_secret=$SECRET" \
	--data-urlencode "token=$1"; }
is 'introspect shows an access token' \
	"$(introspect "$access" | jq -r '"\(.active) \(.scope) \(.username) \(.token_type)"')" \
	"true api $USER access_token"
is 'introspect of an unknown token says active: false' "$(introspect nothing)" '{"active":false}'
is 'the identity URL shows the user and the query URL' \
	"$(curl -sS -H "Authorization: Bearer $access" "$(field id)?version=latest" |
	jq -r '.username + " " + .urls.query')" \
	"$USER $ORG_URL/services/data/v68.0/query/"
is 'userinfo shows the same user' "$(curl -sS -H "Authorization: Bearer $access" "$ORG_URL/services/oauth2/userinfo" |
	jq -r .sub)" "$(field id)"
is 'userinfo with a bad token is 403 and a text' "$(curl -sS -w ' %{http_code}' "$ORG_URL/services/oauth2/userinfo" -H \
	'Authorization: Bearer 00Dbad!')" 'Bad_OAuth_Token 403'
curl -sS "$ORG_URL/services/oauth2/revoke" --data-urlencode "token=$access"
is 'a revoked access token is 401' "$(alive "$access")" 401
token refresh_token -d "refresh_token=$two"; access=$(field access_token)
is 'revoke of a refresh token revokes its access token' "$(curl -sS -o /dev/null -w '%{http_code}' \
	"$ORG_URL/services/oauth2/revoke?token=$two") $(alive "$access")" '200 401'
is 'a second revoke is invalid_token' "$(curl -sS "$ORG_URL/services/oauth2/revoke?token=$two")" \
	'{"error":"invalid_token"}'

# Other paths
org set -d login-limit=2 -d skew=86400
token client_credentials; token client_credentials; token client_credentials
is 'logins above login-limit are refused' "$(why)" 'rate_limit_exceeded: number of logins exceeded'
org set -d login-limit=3600 -d skew=172800
token client_credentials
is 'logins work again after an hour' "$(field token_type)" Bearer
org set -d skew=0
token password -d username=$USER -d password=simulated
is 'the password flow is refused' "$(why)" 'invalid_grant: authentication failure'
is 'an unknown grant_type is refused' "$(token nothing; why)" 'unsupported_grant_type: grant type not supported'
is 'a token request that is not a form is refused' \
	"$(curl -sS "$ORG_URL/services/oauth2/token" -H 'Content-Type: application/json' -d '{}' |
	jq -r .error)" unsupported_grant_type
is 'a token request by GET is refused' "$(curl -sS "$ORG_URL/services/oauth2/token" | jq -r .error_description)" \
	'must use HTTP POST'
for setting in 'flow-enabled client credentials flow not enabled' 'run-as no client credentials user enabled' \
	'scopes no valid scopes defined' \
	'approved user is not admin approved to access this app'; do
	org set -d "${setting%% *}=0"
	token client_credentials
	is "${setting%% *}=0 refuses client credentials" "$(field error_description)" "${setting#* }"
	org set -d "${setting%% *}=1"
done
org fault -d kind=empty -d status=302 -d "header=Location: http://localhost:${ORG_URL##*:}/services/oauth2/token"
is 'a redirect to another token endpoint can be followed' "$(curl -sS -L --post302 "$ORG_URL/services/oauth2/token" -d \
	grant_type=client_credentials -d "client_id=$ID" -d "client_secret=$SECRET" |
	jq -r .token_type)" Bearer
org fault -d kind=oauth-error -d name=ip
is 'a fault by name has the text of Salesforce' "$(token client_credentials; why)" \
	'invalid_grant: ip restricted or invalid login hours'
org fault -d kind=oauth-error -d message=words
is 'a fault with a message has this message' "$(token client_credentials; why)" 'invalid_grant: words'
ok 'a fault with an unknown name is refused' not org fault -d kind=oauth-error -d name=no-such

kill "$ORG_PID"; wait "$ORG_PID"
is 'the org exits 0 on SIGTERM' "$?" 0
ORG_PID=
plan $number
