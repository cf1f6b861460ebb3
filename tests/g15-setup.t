#!/bin/sh
# sffs-auth setup: a person at a terminal answers; the login is tried at once, and a section written or changed.
. "${0%/*}/lib.sh"; plan 52
data=$TMP/data
mkdir "$data" "$TMP/bin"
echo 'the file' >"$data/a.txt"
org_start --data "$data"
auth=$BUILD/sffs-auth
cp "$XDG_CONFIG_HOME/sffs/config" "$TMP/good"
key() { sed -n "s/^$1 = //p" "$TMP/good"; }
id=$(key client_id) secret=$(key client_secret)
# typed DESCRIPTION STATUS COMMAND...: like run, on a terminal, with the lines of standard input as answers.
typed() {
	cat >"$TMP/answers"; what=$1 want=$2; shift 2
	run "$what" "$want" sh -c 'python3 "$@" <"$0"' "$TMP/answers" "$TOP/tests/typed.py" "$@"
	out=$(printf %s "$out" | tr -d '\r')
}
printf '#!/bin/sh\nexit 1\n' >"$TMP/bin/sf"; chmod +x "$TMP/bin/sf"	# which nobody has logged in
export PATH="$TMP/bin:$BUILD:$PATH"
HOME=$TMP/first; export HOME; unset XDG_CONFIG_HOME
first=$HOME/.config/sffs/config
at_end() { fusermount3 -u "$HOME/acme" 2>/dev/null; }

# Every message about the config leads to setup, and keeps the name of the file.
run 'login without a config file' 2 "$auth" login acme
like 'a missing config file leads to setup' "$err" '*there is no config file *sffs-auth setup acme'
run 'a mount with --config of another org' 2 "$BUILD/sffs" --config "$TMP/good" other "$MNT"
like 'a missing section leads to setup of that file' "$err" \
	"*there are: sim; to create it*sffs-auth --config $TMP/good setup other"
run 'a mount with SFFS_CONFIG of another org' 2 env SFFS_CONFIG="$TMP/good" "$BUILD/sffs" other "$MNT"
like 'a missing section leads to setup of the file of SFFS_CONFIG' "$err" "*: sffs-auth --config $TMP/good setup other"
run 'setup without a terminal' 0 "$auth" setup acme
like 'setup without a terminal prints a section' "$out" "*$first*[[]acme]*login_url = https://*client_id =*"

# A fresh app, its key mistyped, on a machine without sf.
typed 'setup of a new org, with slips' 0 "$auth" setup acme <<END
login_url=https://login.salesforce.com/?locale=de
login_url=${ORG_URL#http://}/lightning/page/home
flow=3
client_id=${id%????} ${id#????}
client_id=${id}x
client_secret=$id
client_secret=$secret
what=
login_url=
flow=
client_id=$id
client_secret=
END
like 'the login page of all orgs is refused, with the reason' "$out" \
	'*every org shares this page*address that the browser*'
like 'the steps in Salesforce are those of the flow' "$out" \
	'*External Client App*Enable Client Credentials Flow*Run As*they are client_id and client_secret.*'
like 'a key with a blank is refused' "$out" '*client_id: it has a blank*in one piece*'
like 'the key instead of the secret is refused' "$out" '*client_secret: that is the Consumer Key*'
like 'a mistyped key is told at once' "$out" '*invalid_client_id*check client_id for typos*what [[]correct] = *'
like 'a present value is the default' "$out" "*client_id [[]${id}x] = *client_secret [[]as it is] = *"
like 'the right key logs in' "$out" '*acme: logged in as integration@example.com*'
is 'the steps are shown once' "$(printf '%s\n' "$out" | grep -c 'New External Client App')" 1
is 'no question shows an escape' "$(printf '%s\n' "$out" | grep -c '\\n')" 0
is 'setup shows no secret' "$(printf '%s\n' "$out" | grep -c "$secret")" 0
is 'only its user can read what setup writes' "$(stat -c %a "${first%/*}" "$first" | paste -sd ' ')" '700 600'
is 'setup writes the answers' "$(cat "$first")" "[acme]
login_url = $ORG_URL
flow = client_credentials
client_id = $id
client_secret = $secret"
next=$(printf '%s\n' "$out" | sed -n 's/^Now mount it, such as: //p')
is 'setup ends with the command that mounts' "$next" 'mkdir -p ~/acme && sffs acme ~/acme'
run 'that command' 0 sh -c "$next"
is 'the org is mounted' "$(cat "$HOME/acme/documents/a/a.txt")" 'the file'
fusermount3 -u "$HOME/acme"

# A section that is there.
mkdir "$HOME/dotfiles"
cat >"$HOME/dotfiles/sffs" <<END
# mine
[defaults]
refresh = 30

[acme]
# the org
login_url   = $ORG_URL
flow=client_credentials
client_id   = $id
client_secret = $secret
links = no

# theirs
[other]
login_url = https://other.my.salesforce.com
client_id = x
END
cp "$HOME/dotfiles/sffs" "$TMP/before"
ln -sf "$HOME/dotfiles/sffs" "$first"
typed 'setup of a section that is there' 0 "$auth" setup acme <<END
login_url=
flow=
client_id=
client_secret=
END
same 'answers that change nothing leave the file as it was' "$HOME/dotfiles/sffs" "$TMP/before"
typed 'setup that changes a key to a wrong one' 0 "$auth" setup acme <<END
login_url=
flow=
client_id=3MVG9wrong
client_secret=
what=s
END
is 'one line is another, and all else stays' "$(diff "$TMP/before" "$HOME/dotfiles/sffs")" "9c9
< client_id   = $id
---
> client_id   = 3MVG9wrong"
like 'a login that fails and is saved leads to login --wait' "$out" '*Now log in: sffs-auth login --wait acme'
ok 'a config that is a link stays one' test -L "$first"
org set -d secret-web=0 >/dev/null
typed 'setup that takes another flow' 0 "$auth" setup acme <<END
login_url=
flow=web
client_id=
client_secret=-
what=
login_url=
flow=
client_id=$id
client_secret=
END
like 'a mistyped key is told at once with flow = web, too' "$out" '*check client_id for typos*what [[]correct] = *'
is 'the flow changes in its place, a secret that is removed has no line' \
	"$(sed -n '/^\[acme/,/^$/p' "$HOME/dotfiles/sffs")" "[acme]
# the org
login_url   = $ORG_URL
flow=web
client_id   = $id
links = no"
like 'with flow = web the next command is login' "$out" '*Now log in: sffs-auth login acme'
typed 'setup of a key that is not there' 0 "$auth" --config "$first" setup third <<END
login_url=$ORG_URL
flow=jwt
client_id=$id
username=it@example.org
private_key=
what=s
END
like 'setup says how to make the key, and that it is missing' "$out" \
	"*-keyout ${first%/*}/third.pem*private_key = ${first%/*}/third.pem: No such file*"
like 'what follows keeps --config' "$out" "*Now log in: sffs-auth --config $first login --wait third"
is 'a new section comes last, with the keys of its flow' "$(sed -n '/^\[third/,$p' "$HOME/dotfiles/sffs")" "[third]
login_url = $ORG_URL
flow = jwt
client_id = $id
username = it@example.org
private_key = ${first%/*}/third.pem"
is 'the sections before it stay' "$(sed -n '/^# theirs/,/^$/p' "$HOME/dotfiles/sffs" | sed '$d')" \
	"$(sed -n '/^# theirs/,$p' "$TMP/before")"
sed -i '/^private_key/d' "$HOME/dotfiles/sffs"
run 'login with a section that lacks a key' 2 "$auth" login third
like 'the message about a missing key leads to setup' "$err" '*lacks private_key*sffs-auth setup third*'
run 'setup of such a section without a terminal' 0 "$auth" setup third
like 'it says which key is missing and how to make it' "$out" '*-keyout */third.pem*third] still lacks private_key*'

# Others can read the file.
sed -i '/^client_secret/d' "$HOME/dotfiles/sffs"
chmod 644 "$HOME/dotfiles/sffs"
typed 'setup with a secret for a file that others can read' 0 "$auth" setup acme <<END
login_url=
flow=
client_id=
client_secret=$secret
client_secret=
END
like 'it asks for chmod 600 before it takes the secret' "$out" '*chmod 600*'
is 'no secret is written, and the mode stays' "$(grep -c "$secret" "$HOME/dotfiles/sffs") $(stat -c %a \
	"$HOME/dotfiles/sffs")" '0 644'
cp "$HOME/dotfiles/sffs" "$TMP/before"
typed 'Ctrl-C' 254 "$auth" setup acme <<END
login_url=https://x.my.salesforce.com
flow=$(printf '\003')
END
same 'Ctrl-C changes nothing' "$HOME/dotfiles/sffs" "$TMP/before"
typed 'an answer that makes a line which no config may have' 2 "$auth" setup third <<END
login_url=
flow=
client_id=
username=$(printf %4090s '' | tr ' ' u)
private_key=
what=s
END
like 'a long answer is refused' "$out" '*the answer is too long; nothing is written*'
same 'a long answer changes nothing' "$HOME/dotfiles/sffs" "$TMP/before"
is 'no file is left beside the config' "$(ls -A "$HOME/dotfiles" "${first%/*}" | grep -v ':$' | paste -sd ' ')" \
	'config  sffs'
