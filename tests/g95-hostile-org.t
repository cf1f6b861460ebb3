#!/bin/sh
# A hostile org can choose titles, texts and addresses without harm, and another user of the machine gets nothing.
. "${0%/*}/lib.sh"; plan 32
org_start --synthetic 0
config=$XDG_CONFIG_HOME/sffs/config
file=$XDG_STATE_HOME/sffs/sim.json
fault() { org fault "$@" >/dev/null; }
run() { "$BUILD/sffs" "$@" sim "$MNT" >"$TMP/out" 2>"$TMP/err"; }
fresh() { rm -rf "$XDG_CACHE_HOME/sffs" "$XDG_STATE_HOME/sffs"; org fault/clear -X POST >/dev/null; org_forget; }
# controls: how many characters of standard input could drive a terminal or turn text around.
controls() {
	python3 -c 'import sys, unicodedata as u
text = sys.stdin.buffer.read().decode(errors="replace")
print(sum(u.category(c) in ("Cc", "Cf") and c not in "\n\t" for c in text))'; }

# Titles.
count=0
for title in ../../../etc/passwd .. . .ssh -rf /etc a/b "$(printf 'line\nbreak')" "$(printf 'esc\033[31mape')" \
	"$(printf 'c1\302\23331m')" \
	"$(printf 'bidi\342\200\256fdp.exe')" "$(printf 'bell\007')" "\$(touch $TMP/pwned)" "\`touch $TMP/pwned\`" \
	"'; touch $TMP/pwned; '" '*' ' ' \
	"$(head -c 255 /dev/zero | tr '\0' x)" "$(printf 'a\tb')" '%s%n' con; do
	org change -d op=add --data-urlencode "title=$title" -d path=x.txt -d content=x >/dev/null &&
		count=$((count + 1))
done
org change -d op=add --data-urlencode "title=$(printf 'csv\033[31m')" -d path=x.csv --data-urlencode \
	"content=$(printf '../x,/y,-z,\033[31m,\342\200\256,.h\n1,2,3,4,5,6\n')" >/dev/null
is 'the org accepts hostile titles' "$count" 21
ok 'an org with hostile titles is mounted' fs_mount
is 'each document with a hostile title has a name' "$(ls "$MNT/documents" | wc -l)" 22
python3 - "$MNT" >"$TMP/names" <<'END'
import os, sys, unicodedata
for root, dirs, files in os.walk(os.fsencode(sys.argv[1])):
    for name in dirs + files:
        text = name.decode()
        hidden = any(unicodedata.category(c) in ('Cc', 'Cf') for c in text)
        if text != '.sffs' and (text[0] in '.-' or '/' in text or hidden or len(name) > 255):
            print(repr(text))
END
is 'names have no control characters, no leading . or -, and no /' "$(cat "$TMP/names")" ''
parsed=$(echo "$MNT"/documents/csv*/parsed)
is 'names of columns have no control characters and no leading . or -' \
	"$(ls "$parsed/columns" | LC_ALL=C grep -c '^[.-]\|[^ -~]' ; ls "$parsed/columns" |
	wc -l)" "$(printf '0\n6')"
ok 'a walk over hostile names stays in the mount' sh -c \
	"tar -C '$MNT' -cf - documents | tar -tf - | grep -vc '^documents/' | grep -qx 0"
ok 'no title was run as a command' not test -e "$TMP/pwned"
is 'documents.tsv has one line for each hostile title' "$(tail -n +2 "$MNT/.sffs/documents.tsv" | wc -l)" 22
is 'the files in .sffs have no control characters' \
	"$(cat "$MNT/.sffs/documents.tsv" "$MNT/.sffs/MD5SUMS" "$MNT/.sffs/status.json" | controls)" 0
is 'metadata.json has the hostile titles unchanged' "$(cat "$MNT"/documents/*/metadata.json |
	jq -s '[.[].Title | select(. == ".." or . == "/etc")] | length')" 2
is 'metadata.json has no control characters' "$(cat "$MNT"/documents/*/metadata.json | controls)" 0

# Another user.
like 'the mount belongs to its user' "$(grep " $MNT " /proc/mounts)" '*user_id=*'
is 'the mount has no allow_other' "$(grep " $MNT " /proc/mounts | grep -c allow_other)" 0
chmod 711 "$TMP"
[ "$(id -u)" = 0 ] && as() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; } || as() { false; }
ok 'another user cannot list the mount' not as ls "$MNT"
ok 'another user cannot list the cache' not as ls "$XDG_CACHE_HOME/sffs"
ok 'another user cannot read the login' not as cat "$file"
is 'all directories of cache and state have mode 700' \
	"$(stat -c %a "$XDG_CACHE_HOME/sffs" "$XDG_STATE_HOME/sffs" "$XDG_CACHE_HOME"/sffs/* | sort -u)" 700
fs_unmount

# Texts of the org reach a terminal and the log.
fresh
fault -d kind=error -d status=403 -d code=SOME_ERROR --data-urlencode \
	"message=$(printf 'bad\033]0;title\007\302\23331m')" --data-urlencode 'match=GET *query*'
run
is 'an error text of the org reaches the terminal without control characters' \
	"$(controls <"$TMP/err") $(grep -c SOME_ERROR "$TMP/err")" '0 1'

fault -d kind=error -d status=403 -d code=SOME_ERROR --data-urlencode \
	"message=$(seq -s ' number ' 200)" --data-urlencode 'match=GET *query*'
run
is 'an error text that is too long ends after a word' "$(grep -cE '\(1 number 2 .* [1-9][0-9]( number)?\.\.\.\)$' \
	"$TMP/err")" 1

# sffs-auth and the commands show words of the org, and words of others.
fresh
auth=$BUILD/sffs-auth
escapes='\u001b]0;x\u0007\u009b31m\u202e\nsim: all is well'
ids=00D5g00002BLnMWEA1/0055g00002BLnMWAA1
fault -d kind=body --data-urlencode "body={\"access_token\":\"00D!x\",\"instance_url\":\"$ORG_URL\",\
\"scope\":\"api $escapes\",\"id\":\"https://login.salesforce.com/id/$ids\"}" \
	--data-urlencode 'match=POST */token'
fault -d kind=body -d times=forever --data-urlencode "body={\"preferred_username\":\"a$escapes\",\
\"sub\":\"https://login.salesforce.com/id/$ids\"}" \
	--data-urlencode 'match=GET */userinfo'
{ "$auth" login sim; "$auth" status --limits sim; "$auth" status --json sim; } >"$TMP/out" 2>&1
is 'a user and scopes drive no terminal' "$(controls <"$TMP/out")" 0
is 'the texts of user and scopes are shown' "$(grep -c 'all is well' "$TMP/out")" 4
is 'user and scopes begin no line' "$(grep -c '^sim: all' "$TMP/out")" 0
fresh
bad=$(printf 'a\033[31m\302\2332J\342\200\256\nsffs: all is well\377')
cp "$config" "$TMP/good"
printf '[a\033[31m\302\2332J]\n' >>"$config"
mkdir "$TMP/$bad"
for words in "sffs --orgs" "sffs status" "sffs doctor sim --config $TMP/none" "sffs doctor sim -o cache_dir=$TMP/x"; do
	# shellcheck disable=SC2086 # words
	"$BUILD"/$words
done >"$TMP/out" 2>&1
"$BUILD/sffs" sim "$TMP/$bad" >>"$TMP/out" 2>&1
"$BUILD/sffs" status >>"$TMP/out" 2>&1
fusermount3 -u "$TMP/$bad"
for words in "--$bad" "--config=$TMP/$bad" "$bad" "-o$bad" "--log-level=$bad"; do
	"$BUILD/sffs" "$words" sim "$MNT"
	"$BUILD/sffs" doctor sim "$words"
	"$auth" "$words" status sim
	"$auth" setup sim "$words"
	"$auth" status "$words"
done >>"$TMP/out" 2>&1 </dev/null
is 'a section, a mount point, a file, an argument drive no terminal' "$(controls <"$TMP/out")" 0
ok 'a section, a mount point, a file, an argument are shown escaped' grep \
	-q 'u001b\[31m.*u009b2J.*u202e.nsffs: all is well.xff' "$TMP/out"
is 'a section, a mount point, a file, an argument begin no line' "$(grep -c '^sffs: all is well' "$TMP/out")" 0
like 'sffs --orgs shows a section escaped' "$("$BUILD/sffs" --orgs | tail -n 1)" 'a\\u001b[[]31m\\u009b2J'
is 'the output is UTF-8' "$(iconv -f UTF-8 -t UTF-8 "$TMP/out" >/dev/null 2>&1; echo $?)" 0
cp "$TMP/good" "$config"

# Addresses.
for next in .evil.example/x @evil.example/x :1/x http://evil.example/x evil; do
	fresh
	fault -d kind=body --data-urlencode \
		"body={\"totalSize\":1,\"done\":false,\"nextRecordsUrl\":\"$next\",\
\"records\":[{\"attributes\":{},\"Id\":\"069000000000001AAA\"}]}" \
		-d times=forever --data-urlencode 'match=GET *query*'
	run
	printf '%s ' "$?" >>"$TMP/next"
	grep -c 'not a page of records' "$TMP/err" >>"$TMP/next"
done
is 'a nextRecordsUrl that leads elsewhere is refused' "$(sort -u "$TMP/next")" '1 1'
for instance in https://evil.example https://acme.my.salesforce.com.evil.example http://127.0.0.1@evil.example; do
	fresh
	fault -d kind=body --data-urlencode \
		"body={\"access_token\":\"00D!x\",\"instance_url\":\"$instance\",\
\"id\":\"https://login.salesforce.com/id/00D5g00002BLnMWEA1/0055g00002BLnMWAA1\"}" \
		--data-urlencode 'match=POST */token'
	run
	printf '%s ' "$?" >>"$TMP/instance"
	grep -c "not Salesforce's: no token is sent there" "$TMP/err" >>"$TMP/instance"
done
is 'a token is sent to no instance_url outside Salesforce' "$(sort -u "$TMP/instance")" '4 1'
fresh
fault -d kind=body -d status=302 -d "header=Location: $ORG_URL/elsewhere" -d times=forever --data-urlencode \
	'match=GET *query*'
run
is 'a redirect of a query is not followed' "$(org_count 'GET /elsewhere')" 0
fresh
ok 'an org that answers correctly again is mounted' fs_mount
is 'an org that answers correctly again lists all documents' "$(ls "$MNT/documents" | wc -l)" 22
