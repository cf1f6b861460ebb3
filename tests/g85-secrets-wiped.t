#!/bin/sh
# No memory that sffs frees holds a secret. The exception is libcurl, which keeps copies and does not wipe them.
. "${0%/*}/lib.sh"; plan 13
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=sffs -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
	2>"$TMP/openssl"
org_start --synthetic 10 --plain --flow web --redirect-uri "http://localhost:$port/OauthRedirect" --auto-approve 1 \
	--rotate 1 --jwt-cert "$TMP/cert.pem"
case $BUILD in *asan|*tsan|*valgrind) for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do \
	ok 'a sanitizer has a free of its own' true;
	done; exit ;; esac
config=$XDG_CONFIG_HOME/sffs/config
key() { sed -n "s/^$1 = //p" "$TMP/client"; }
cp "$config" "$TMP/client"
gcc -shared -fPIC -O1 -D_GNU_SOURCE -o "$TMP/freed.so" "$TOP/tests/freed.c" || exit 1
mkdir "$TMP/bin"
printf '#!/bin/sh\nunset LD_PRELOAD\nexec curl -sL -o "%s/page" "$1"\n' "$TMP" >"$TMP/bin/browser"
chmod +x "$TMP/bin/browser"
export BROWSER="$TMP/bin/browser" FREED_LOG="$TMP/freed"
# The beginnings of tokens, codes, an assertion and a key; and the app's secret.
access=$(curl -s "$ORG_URL/services/oauth2/token" -d grant_type=client_credentials -d "client_id=$(key client_id)" -d \
	"client_secret=$(key client_secret)" |
	jq -r .access_token | sed 's/!.*/!/')
FREED_NEEDLES="$(key client_secret) $access 5Aep861 aPrx eyJhbGciOi $(sed -n 2p "$TMP/key.pem")"
export FREED_NEEDLES
# watched DESCRIPTION COMMAND...: it works, and frees no memory with a secret.
watched() {
	what=$1; shift
	rm -f "$FREED_LOG"
	LD_PRELOAD=$TMP/freed.so GLIBC_TUNABLES=glibc.malloc.tcache_count=0 MALLOC_PERTURB_=85 "$@" >"$TMP/out" \
		2>"$TMP/err" </dev/null
	is "$what: exit status" "$?" 0
}
# Leaves out libcurl, and commands of the user.
wiped() { is "$1: no freed memory has a secret" "$(grep -v '/libcurl\.so\|^cat ' "$FREED_LOG" 2>/dev/null)" ''; }

watched 'a login in a browser' "$BUILD/sffs-auth" login sim
wiped 'a login in a browser'
ok 'the search finds the copies that libcurl leaves' grep -q '/libcurl\.so.* 5Aep861\|/libcurl\.so.* '"$access" \
	"$FREED_LOG"
org expire-tokens -X POST >/dev/null
watched 'a token, renewed' "$BUILD/sffs-auth" token sim
wiped 'a token, renewed'
org expire-tokens -X POST >/dev/null
watched 'a mount' "$BUILD/sffs" sim "$MNT"
cat "$MNT"/documents/*1/*.* >"$TMP/out"
org expire-tokens -X POST >/dev/null
fs_sync
cat "$MNT"/documents/*2/*.* >"$TMP/out"
pid=$(pgrep -f "$BUILD/sffs sim $MNT\$")
fs_unmount
timeout 120 sh -c "while [ -e /proc/$pid ]; do sleep 0.05; done"
wiped 'a mount'
printf '%s\n' '[sim]' "login_url = $ORG_URL" 'flow = jwt' "client_id = $(key client_id)" \
	'username = integration@example.com' "private_key = $TMP/key.pem" >"$config"
watched 'a login by a key' "$BUILD/sffs-auth" login sim
wiped 'a login by a key'
printf '%s\n' '[sim]' "login_url = $ORG_URL" 'flow = client_credentials' "client_id = $(key client_id)" \
	"client_secret_cmd = cat $TMP/word" >"$config"
key client_secret >"$TMP/word"
watched 'a secret that a command prints' "$BUILD/sffs-auth" login sim
wiped 'a secret that a command prints'
watched 'a logout' "$BUILD/sffs-auth" logout sim
wiped 'a logout'
