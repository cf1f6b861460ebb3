#!/bin/sh
# A key and a certificate that are renewed under a confined mount: it goes on with the new ones.
# Not below /tmp, which every confined process may write.
export TMPDIR=/dev/shm
. "${0%/*}/lib.sh"; plan 12
unset TMPDIR
config=$XDG_CONFIG_HOME/sffs/config
mkdir "$TMP/live" "$TMP/archive" "$TMP/ca" "$TMP/home"
# key FILE, certificate KEY FILE
key() { openssl genrsa -out "$1" 2048 2>/dev/null; }
certificate() { openssl req -x509 -key "$1" -out "$2" -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null; }
key "$TMP/archive/key1.pem"
certificate "$TMP/archive/key1.pem" "$TMP/cert.pem"
ln -s ../archive/key1.pem "$TMP/live/key.pem"
cp "$TMP/cert.pem" "$TMP/ca/cert.pem"
export CURL_CA_BUNDLE="$TMP/cert.pem"
org_start --synthetic 3 --plain --flow jwt --jwt-cert "$TMP/cert.pem" --tls-cert "$TMP/cert.pem" --tls-key "$TMP/archive/key1.pem"
sed -i '/^client_secret/d' "$config"
cp "$config" "$TMP/bare"
printf '%s\n' "private_key = $TMP/live/key.pem" "ca_file = $TMP/ca/cert.pem" >>"$config"
# renewed FILE: as what renews a certificate does it, under another inode; the old one is gone.
renewed() { cp "$1" "$1.new" && mv "$1.new" "$1"; }
# goes_on DESCRIPTION: a look wants a new token.
goes_on() { org expire-tokens -X POST >/dev/null; org_forget; ok "$1" fs_sync; calls '... which was signed for' 'POST */token' 1; }

ok 'it mounts' fs_mount
case $BUILD in
*asan|*tsan) ok 'a sanitizer is not confined' true ;;
*) is 'confined' "$(sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$(pgrep -f "$BUILD/sffs sim $MNT\$")/status")" 1 ;;
esac
goes_on 'a token ends: it goes on'
cp "$TMP/archive/key1.pem" "$TMP/archive/key2.pem"
ln -sf ../archive/key2.pem "$TMP/live/key.pem"
rm "$TMP/archive/key1.pem"
goes_on 'the key is a link, which leads to another file now'
rm "$TMP/live/key.pem"
cp "$TMP/archive/key2.pem" "$TMP/live/key.pem"
renewed "$TMP/live/key.pem"
goes_on 'the link becomes a file, which is renewed'
key "$TMP/other.pem"
certificate "$TMP/other.pem" "$TMP/ca/new.pem"
mv "$TMP/ca/new.pem" "$TMP/ca/cert.pem"
org fault -d kind=drop -d times=1 --data-urlencode 'match=GET *query*' >/dev/null
ok 'a new connection is made with the certificate that ca_file has now' not fs_sync
cp "$TMP/cert.pem" "$TMP/ca/new.pem"
mv "$TMP/ca/new.pem" "$TMP/ca/cert.pem"
ok 'and when it is renewed, with that' fs_sync
fs_unmount

cp "$TMP/archive/key2.pem" "$TMP/home/key.pem"
{ cat "$TMP/bare"; printf '%s\n' 'private_key = ~/key.pem' "ca_file = $TMP/ca/cert.pem"; } >"$config"
ok 'a key in the home directory' env HOME="$TMP/home" "$BUILD/sffs" sim "$MNT"
fs_unmount
HOME=$TMP/home "$BUILD/sffs" sim "$MNT" 2>"$TMP/err"
case $BUILD in
*asan|*tsan) ok 'a sanitizer is not confined' true ;;
*) like 'does not open all of it, which is said' "$(cat "$TMP/err")" "*$TMP/home/key.pem: once it is replaced, mount again*" ;;
esac
fs_unmount
