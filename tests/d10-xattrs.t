#!/bin/sh
# Extended attributes show the fields of a document's record without a call; the README of the root describes the tree.
. "${0%/*}/lib.sh"; plan 22
data=$TMP/data
mkdir "$data" "$data/Sales" "$data/Report.versions"
printf 'first\n' >"$data/Report.versions/1.txt"; printf 'second\n' >"$data/Report.versions/2.txt"
printf 'plan\n' >"$data/Sales/Plan.txt"
printf 'https://www.example.com/\n' >"$data/Page.link"
org_start --data "$data"
fs_mount
docs=$MNT/documents
org_forget

# attribute NAME FILE
attribute() { getfattr --absolute-names --only-values -n "user.salesforce.$1" "$2" 2>&1; }
metadata() { jq -r "$1" "$docs/Report/metadata.json"; }
file=$docs/Report/Report.txt
is 'document_id of a file is the Id of the document' "$(attribute document_id "$file")" "$(metadata .Id)"
is 'version_id of a file is the Id of the version' "$(attribute version_id "$file")" \
	"$(metadata .LatestPublishedVersionId)"
is 'version_number of a file is the number of the version' "$(attribute version_number "$file")" 2
is 'checksum of a file is its MD5' "$(attribute checksum "$file")" "$(printf 'second\n' | md5sum | cut -d' ' -f1)"
is 'owner_id of a file is the owner of the document' "$(attribute owner_id "$file")" "$(metadata .OwnerId)"
is 'file_type of a file is the FileType of the version' "$(attribute file_type "$file")" TEXT
is 'library of a file is the library of the document' "$(attribute library "$docs/Plan/Plan.txt")" \
	"$(jq -r .ParentId "$docs/Plan/metadata.json")"
like 'a document in no library has no library attribute' "$(attribute library "$file")" '*No such attribute*'
is 'the directory of a document has its attributes too' "$(attribute document_id "$docs/Report")" "$(metadata .Id)"
is 'cached is no before the file is read' "$(attribute cached "$file")" no
is 'getfattr -d shows all attributes' "$(getfattr --absolute-names -d "$file" 2>&1 | sed -n \
	's/^user.salesforce.\([a-z_]*\)=.*/\1/p' | sort | paste -sd' ')" \
	'cached checksum created document_id file_type owner_id version_id version_number'
is 'a link has no checksum and no cached' "$(getfattr --absolute-names -d "$docs/Page/Page.url" |
	grep -c 'checksum\|cached')" 0
calls 'extended attributes cost no call' '*' 0
cat "$file" >/dev/null
is 'cached is yes after the file is read' "$(attribute cached "$file")" yes
is 'ls -l asks one document for its ACL, not each' "$(strace -e trace=getxattr,lgetxattr ls -l "$docs" 2>&1 |
	grep -c system.posix_acl)" 1
is 'no attribute can be set' "$(setfattr -n user.salesforce.owner_id -v x "$file" 2>&1 | grep -c 'Read-only')" 1
# Every attribute that a node lists can be read, whatever its kind and whatever room there is for it.
cat >"$TMP/all.py" <<'EOF'
import ctypes, errno, os, sys
libc, count, room = ctypes.CDLL(None, use_errno=True), 0, ctypes.create_string_buffer(70000)
for root, dirs, files in os.walk(sys.argv[1]):
    for path in [root] + [os.path.join(root, name) for name in dirs + files]:
        names = os.listxattr(path, follow_symlinks=False)
        size = libc.llistxattr(path.encode(), None, 0)
        if size != sum(len(n) + 1 for n in names):
            print(path, 'list', size)
        for name in names:
            count += 1
            value = os.getxattr(path, name, follow_symlinks=False)
            n, e = path.encode(), name.encode()
            got = [libc.lgetxattr(n, e, room, s) for s in (0, len(value), len(value) - 1, 65536, 70000)]
            less = -1 if len(value) > 1 else 1        # no room at all asks how long it is
            if got != [len(value), len(value), less, len(value), len(value)] or not value:
                print(path, name, len(value), got)
        if size > 0 and (libc.llistxattr(path.encode(), room, size - 1) != -1 or ctypes.get_errno() != errno.ERANGE):
            print(path, 'list in less room', ctypes.get_errno())
print('some' if count > 50 else count)
EOF
org change -d op=add -d title=Long -d path=x.txt -d content=x >/dev/null
fs_sync
# The org's answer about it, with a text that is longer than any attribute may be.
curl -sSfG -H "Authorization: Bearer $(jq -r .access_token "$XDG_STATE_HOME/sffs/sim.json")" --data-urlencode \
	"$(org journal | grep -F /queryAll | tail -1 | cut -f 7-)" "$ORG_URL/services/data/v62.0/queryAll" |
	jq -c --arg long "$(head -c 70000 /dev/zero | tr '\0' d)" '.records |= map(.Description = $long)' >"$TMP/page"
org fault -d kind=body -d times=1 --data-urlencode "body@$TMP/page" --data-urlencode 'match=GET *query*' >/dev/null
fs_sync
is 'a record has a description of 70,000 bytes' "$(jq '.Description | length' "$docs/Long/metadata.json")" 70000
is 'each node has the attributes that it lists, in any room' "$(python3 "$TMP/all.py" "$MNT" 2>&1)" some
is 'a description longer than the kernel takes is no attribute' "$(attribute description "$docs/Long" 2>&1 |
	grep -c 'No such attribute')" 1
ok 'rsync -aX copies the mount' rsync -aX "$MNT/" "$TMP/copy"

is 'the README of the root has a line for each directory' "$(ls -A "$MNT" | grep -vx README | while read -r d; do \
	grep -q "^    $d/ " "$MNT/README" || echo "$d"; done)" ''
is 'stat knows the size of the README' "$(wc -c <"$MNT/README")" "$(stat -c %s "$MNT/README")"
