#!/bin/sh
# After the key under a confined mount is replaced, the log says: mount again. Until then the mount serves its cache.
# Not below /tmp, which every confined process may write.
export TMPDIR=/dev/shm
. "${0%/*}/lib.sh"; plan 7
unset TMPDIR
config=$XDG_CONFIG_HOME/sffs/config
mkdir "$TMP/tls"
openssl genrsa -out "$TMP/tls/key.pem" 2048 2>/dev/null
openssl req -x509 -key "$TMP/tls/key.pem" -out "$TMP/cert.pem" -days 2 -subj /CN=localhost 2>/dev/null
data=$TMP/data
mkdir "$data"
echo hello >"$data/hello.txt"
org_start --data "$data" --flow jwt --jwt-cert "$TMP/cert.pem"
sed -i '/^client_secret/d' "$config"
echo "private_key = $TMP/tls/key.pem" >>"$config"
# Like a program that renews a certificate: a new file under the old name.
renew() { cp "$TMP/tls/key.pem" "$TMP/tls/new.pem"; mv "$TMP/tls/new.pem" "$TMP/tls/key.pem"; }

ok 'a mount with a key starts' fs_mount
is 'a mount with a key serves a document' "$(cat "$MNT/documents/hello/hello.txt")" hello
org expire-tokens -X POST >/dev/null
ok 'the mount gets a new token with its key' fs_sync
renew
org expire-tokens -X POST >/dev/null
case $BUILD in
*asan|*tsan|*valgrind) ok 'a sanitizer is not confined' fs_sync; ok '...' true ;;
*)
	ok 'a refresh fails after the key was replaced and the token has expired' not fs_sync
	like 'the log says: mount again' "$(cat "$MNT/.sffs/log")" \
		"*private_key = $TMP/tls/key.pem: Permission denied; if it was replaced under a mount, mount again*"
	;;
esac
is 'a cached file can be read after the key was replaced' "$(cat "$MNT/documents/hello/hello.txt")" hello
fs_unmount
fs_mount
ok 'a new mount uses the new key' fs_sync
fs_unmount
