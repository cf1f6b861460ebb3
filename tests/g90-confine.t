#!/bin/sh
# A confined mount can do all that a mount must do and nothing else; its mounter ends with it.
# Not below /tmp, which every confined process may write.
export TMPDIR=/dev/shm
. "${0%/*}/lib.sh"; plan 29
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

ok 'a confined mount starts' fs_mount -o csv_encoding=EUC-JP,cache_size=1500K,refresh=1
pid=$(daemon)
like 'a list of processes shows what the mounter is, and no script' "$(ps -o args= -p "$(mounter)")" \
	"sffs-mounter /dev/fd/[0-9]* $MNT"
confined=$(of_threads "$pid" NoNewPrivs)
case $BUILD in *asan|*tsan|*valgrind) confined=1; note 'a sanitizer is not confined' ;; esac
is 'all threads of the mount are confined' "$confined" 1
for i in 1 2 3 4; do same "a confined mount downloads, and drops the oldest file of a full cache ($i)" \
	"$MNT/documents/big$i/big$i.bin" \
	"$data/big$i.bin"; done
is 'a confined mount converts EUC-JP with a module of the C library' \
	"$(cat "$MNT/documents/euc/parsed/header" | paste -sd ' ')" '日本 n'
is 'a confined mount renders a view' "$(cat "$MNT/documents/euc/parsed/table.csv" | paste -sd ' ')" '日本,n 東京,1'
is 'a confined mount lists documents in a nameless file' "$(wc -l <"$MNT/.sffs/documents.tsv")" 6
org change -d op=add -d title=new -d content=new >/dev/null
org expire-tokens -X POST >/dev/null
token=$(jq -r .access_token "$XDG_STATE_HOME/sffs/sim.json")
fs_sync
is 'a confined mount refreshes' "$(cat "$MNT/documents/new/new.txt")" new
ok 'a confined mount renews and stores its token' [ "$(jq -r .access_token "$XDG_STATE_HOME/sffs/sim.json")" != \
	"$token" ]
is 'a confined mount looks up the name of a host' "$(jq -r .instance_url "$XDG_STATE_HOME/sffs/sim.json")" \
	"https://localhost:${ORG_URL##*:}"
case $BUILD in
*asan|*tsan|*valgrind) for i in 1 2 3 4 5; do ok 'a sanitizer is not confined' true; done ;;
*)
	like 'a confined mount can open the file of its login' "$(opens "$XDG_STATE_HOME/sffs/sim.json" 0)" '[0-9]*'
	is 'a confined mount cannot open a file of another program' "$(opens "$TMP/theirs/file" 0)" -1
	is 'a confined mount cannot open its config' "$(opens "$config" 0)" -1
	is 'a confined mount cannot make a file elsewhere' "$(opens "$TMP/theirs/new" 0o101)" -1
	is 'a confined mount of root has only the capabilities over files' "$(of_threads "$pid" CapEff)" \
		"$([ "$(id -u)" = 0 ] && echo 000000000000000e || echo 0000000000000000)" ;;
esac
fs_unmount
ok 'after an unmount the mount and its mounter end' all_gone

ok 'a confined mount starts again' fs_mount
kill "$(daemon)"
ok 'after SIGTERM the mount and its mounter end' all_gone
ok 'SIGTERM unmounts' not mountpoint -q "$MNT"
ok 'a confined mount starts after SIGTERM' fs_mount
kill -KILL "$(daemon)"
ok 'after SIGKILL the mount and its mounter end' all_gone
is 'after SIGKILL the mount point answers nobody' "$(ls "$MNT" 2>&1 | sed 's/.*: //')" \
	'Transport endpoint is not connected'
fs_unmount

ok 'confine = no mounts' fs_mount -o confine=no
is 'a mount with confine = no is not confined' "$(of_threads "$(daemon)" NoNewPrivs)" 0
fs_unmount
all_gone
secret=$(sed -n 's/^client_secret = //p' "$config")
sed -i "s,^client_secret.*,client_secret_cmd = cat $TMP/theirs/secret," "$config"
echo "$secret" >"$TMP/theirs/secret"
rm "$XDG_STATE_HOME/sffs/sim.json"
"$BUILD/sffs" sim "$MNT" 2>"$TMP/err"
is 'a mount with client_secret_cmd is not confined' "$? $(of_threads "$(daemon)" NoNewPrivs)" '0 0'
like 'the message says that client_secret_cmd prevents confinement' "$(cat "$TMP/err")" \
	'*client_secret_cmd may need any file: the mount is not confined*'
fs_unmount
