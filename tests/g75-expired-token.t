#!/bin/sh
# sffs renews the token for the answers that mean that it has ended, and not for those that only sound like it.
. "${0%/*}/lib.sh"; plan 27
org_start --synthetic 10 --plain
# fault TIMES KIND WORDS...: of each query.
fault() { times=$1 kind=$2; shift 2; org fault -d kind="$kind" -d times="$times" "$@" --data-urlencode \
	'match=GET *query*' >/dev/null; }
# mounts DESCRIPTION STATUS RENEWALS TEXT: mounts with a stored token; checks exit status, renewals and output.
mounts() {
	"$BUILD/sffs-auth" token sim >"$TMP/token"
	rm -rf "$XDG_CACHE_HOME/sffs"
	org_forget
	"$BUILD/sffs" sim "$MNT" >"$TMP/out" 2>"$TMP/err"
	is "$1: exit status" "$?" "$2"
	calls "$1: renewals" 'POST */token' "$3"
	like "$1: message" "$(cat "$TMP/err")" "$4"
	[ "$2" != 0 ] || { is "$1: the org is mounted" "$(ls "$MNT/documents" | wc -l)" 10; fs_unmount; }
	org fault/clear -X POST >/dev/null
}

fault 1 error -d status=401 -d code=INVALID_SESSION_ID -d 'message=Session expired or invalid'
mounts 'a session that is over' 0 1 ''
fault 1 error -d status=401 -d code=INVALID_AUTH_HEADER -d message=INVALID_HEADER_TYPE
mounts 'a token that is not understood' 0 1 ''
fault 1 body -d status=403 -d type=text/plain -d body=Bad_OAuth_Token
mounts 'a token that another server of theirs does not know' 0 1 ''
fault forever error -d status=401 -d code=INVALID_SESSION_ID -d 'message=Session expired or invalid'
mounts 'a session that is always over' 4 2 '*Salesforce refuses a token that it has just given*'
fault forever error -d status=403 -d code=API_CURRENTLY_DISABLED -d 'message=API is disabled for this User'
mounts 'the API is off' 4 0 '*403 API_CURRENTLY_DISABLED (API is disabled for this User)*'
fault forever error -d status=403 -d code=INVALID_OPERATION_WITH_EXPIRED_PASSWORD -d \
	'message=The users password has expired'
mounts 'a password that has expired' 4 0 '*INVALID_OPERATION_WITH_EXPIRED_PASSWORD (The users password has expired)*'
fault forever error -d status=403 -d code=REQUEST_LIMIT_EXCEEDED -d 'message=TotalRequests Limit exceeded.'
mounts 'the API limit' 4 0 '*Salesforce API limit*no calls until*'
fault forever error -d status=403 -d code=API_DISABLED_FOR_ORG -d \
	'message=API is not enabled for this Organization or Partner'
mounts 'an edition without the API' 4 0 '*API_DISABLED_FOR_ORG*'
