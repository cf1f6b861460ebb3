#!/bin/sh
# A confined mount can do all that a mount must do and nothing else; its mounter ends with it.
# Not below /tmp, which every confined process may write.
export TMPDIR=/dev/shm
. "${0%/*}/lib.sh"; plan 28
unset TMPDIR
data=$TMP/data
mkdir "$data" "$TMP/theirs" "$TMP/ca"
echo secret >"$TMP/theirs/file"
for i in 1 2 3 4; do head -c 600000 /dev/urandom >"$data/big$i.bin"; done
printf '\306\374\313\334,n\n\305\354\265\376,1\n' >"$data/euc.csv"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$TMP/key.pem" -out "$TMP/cert.pem" \
	-days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1,DNS:localhost 2>/dev/null
export CURL_CA_BUNDLE="$TMP/cert.pem"
org_start --data "$data" --tls-cert "$TMP/cert.pem" --tls-key "$TMP/key.pem" --moved 1
config=$XDG_CONFIG_HOME/sffs/config
cp "$TMP/cert.pem" "$TMP/ca"
echo "ca_file = $TMP/ca/cert.pem" >>"$config"
daemon() { pgrep -f "$BUILD/sffs.* $MNT\$"; }
mounter() { pgrep -f "^sffs-mounter .* $MNT\$"; }
gone() { timeout 120 sh -c "while pgrep -f '$1' >/dev/null; do sleep 0.05; done"; }
all_gone() { gone "$BUILD/sffs.* $MNT\$" && gone "^sffs-mounter .* $MNT\$"; }
# of_threads PID FIELD: the values in /proc for its threads, each once.
of_threads() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/task/"*/status | sort -u | paste -sd ' '; }
# opens PATH FLAGS: the result of open() in the daemon, -1 or a descriptor.
opens() { python3 "$TOP/tests/opens.py" "$(daemon)" "$1" "$2"; }

ok 'it mounts' fs_mount -o csv_encoding=EUC-JP,cache_size=1500K,refresh=1
pid=$(daemon)
confined=$(of_threads "$pid" NoNewPrivs)
case $BUILD in *asan|*tsan|*valgrind) confined=1; note 'a sanitizer is not confined' ;; esac
is 'all its threads are confined' "$confined" 1
for i in 1 2 3 4; do same "it fetches, and drops what was read before ($i)" "$MNT/documents/big$i/big$i.bin" \
	"$data/big$i.bin"; done
is 'it converts, by a module of the C library' "$(cat "$MNT/documents/euc/parsed/header" | paste -sd ' ')" '日本 n'
is 'and renders' "$(cat "$MNT/documents/euc/parsed/table.csv" | paste -sd ' ')" '日本,n 東京,1'
is 'it lists, by a nameless file' "$(wc -l <"$MNT/.sffs/documents.tsv")" 6
org change -d op=add -d title=new -d content=new >/dev/null
org expire-tokens -X POST >/dev/null
token=$(jq -r .access_token "$XDG_STATE_HOME/sffs/sim.json")
fs_sync
is 'it refreshes' "$(cat "$MNT/documents/new/new.txt")" new
ok 'with a new token, which is kept' [ "$(jq -r .access_token "$XDG_STATE_HOME/sffs/sim.json")" != "$token" ]
is 'of a host whose name it looked up' "$(jq -r .instance_url "$XDG_STATE_HOME/sffs/sim.json")" \
	"https://localhost:${ORG_URL##*:}"
case $BUILD in
*asan|*tsan|*valgrind) for i in 1 2 3 4 5; do ok 'a sanitizer is not confined' true; done ;;
*)
	like 'it can open the files that it needs' "$(opens "$XDG_STATE_HOME/sffs/sim.json" 0)" '[0-9]*'
	is 'but no other file' "$(opens "$TMP/theirs/file" 0)" -1
	is 'not its own config' "$(opens "$config" 0)" -1
	is 'and makes none' "$(opens "$TMP/theirs/new" 0o101)" -1
	is 'of root'\''s powers it has those over files' "$(of_threads "$pid" CapEff)" \
		"$([ "$(id -u)" = 0 ] && echo 000000000000000e || echo 0000000000000000)" ;;
esac
fs_unmount
ok 'unmounted, it ends, and so does its mounter' all_gone

ok 'it mounts again' fs_mount
kill "$(daemon)"
ok 'told to end, it does' all_gone
ok 'and unmounts' not mountpoint -q "$MNT"
ok 'once more' fs_mount
kill -KILL "$(daemon)"
ok 'killed, it leaves no process' all_gone
is 'but a dead mount, as ever' "$(ls "$MNT" 2>&1 | sed 's/.*: //')" 'Transport endpoint is not connected'
fs_unmount

ok 'confine = no' fs_mount -o confine=no
is 'is not confined' "$(of_threads "$(daemon)" NoNewPrivs)" 0
fs_unmount
all_gone
secret=$(sed -n 's/^client_secret = //p' "$config")
sed -i "s,^client_secret.*,client_secret_cmd = cat $TMP/theirs/secret," "$config"
echo "$secret" >"$TMP/theirs/secret"
rm "$XDG_STATE_HOME/sffs/sim.json"
"$BUILD/sffs" sim "$MNT" 2>"$TMP/err"
is 'nor is one with a command, which may need anything' "$? $(of_threads "$(daemon)" NoNewPrivs)" '0 0'
like 'which is said' "$(cat "$TMP/err")" '*client_secret_cmd may need any file: the mount is not confined*'
fs_unmount
