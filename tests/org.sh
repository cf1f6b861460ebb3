# org.sh - asks a simulated org as an integration does, for the tests of the org (z*). A test sources it after org_start.

VERSION=66.0
key() { sed -n "s/^$1 = //p" "$XDG_CONFIG_HOME/sffs/config"; }
TOKEN=$(curl -sS "$ORG_URL/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(key client_id)" -d \
	"client_secret=$(key client_secret)" | jq -r .access_token)
# The head of the last answer is in $TMP/head.
get() { curl -sS -D "$TMP/head" -H "Authorization: Bearer $TOKEN" "$ORG_URL$@"; }
api() { api_path=$1; shift; get "/services/data/v$VERSION/$api_path" "$@"; }
json() { method=$1 path=$2 body=$3; shift 3; api "$path" -X "$method" -H 'Content-Type: application/json' -d "$body" \
	"$@"; }
query() { soql=$1; shift; api query -G --data-urlencode "q=$soql" "$@"; }
# Of an answer on standard input: its rows, or the code of its error; the error.
rows() {
	jq -r 'if type == "array" then .[0].errorCode
	else [.records[] | del(.. | .attributes?) | [.. | scalars | tostring] | join("/")] | join("|") end'; }
why() { jq -r '.[0] | "\(.errorCode): \(.message)"'; }
header() { tr -d '\r' <"$TMP/head" | sed -n "s/^$1: //Ip"; }
status() { sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$TMP/head"; }
