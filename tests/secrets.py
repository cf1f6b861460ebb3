"""Finds secrets in a trace of system calls (strace -f -yy -s 65536), and prints a line for each.

	secrets.py TRACE PORT SECRET-FILE...

PORT is the org's; a SECRET-FILE has secrets, one a line. The code, the verifier and the assertion come from the
requests in the trace; --found prints them.
"""
import re
import sys
import urllib.parse

found = '--found' in sys.argv
trace, port, *files = [a for a in sys.argv[1:] if a != '--found']
lines = open(trace, errors='replace').read().split('\n')
secrets = {s for f in files for s in open(f).read().split() if len(s) > 8}
for line in lines:
    if 'POST /services/oauth2/token' not in line and 'grant_type=' not in line:
        continue
    for name in 'code', 'code_verifier', 'assertion':
        secrets |= {urllib.parse.unquote(v) for v in re.findall(r'[&n"]%s=([A-Za-z0-9._~%%-]{20,})' % name, line)}
if found:
    print(*sorted(secrets), sep='\n')
    sys.exit()
secrets |= {urllib.parse.quote(s, safe='') for s in secrets}

def complain(why, line):
    print(why, re.sub('|'.join(map(re.escape, secrets)), 'SECRET', line)[:200])

hardened, browsers = set(), set()
for line in lines:
    call = re.match(r'(\d+) +(\w+)\(', line)
    if not call or call[1] in browsers:
        continue
    name, args = call[2], line[call.end():]
    if name == 'execve' and re.match(r'"[^"]*/browser"', args):
        browsers.add(call[1])		# what it does afterwards is its own affair
    if name == 'connect':
        if 'AF_INET' in args and 'htons(%s), sin_addr=inet_addr("127.0.0.1")' % port not in args:
            complain('another host:', line)
        continue
    if name == 'prctl' and 'PR_SET_DUMPABLE, SUID_DUMP_DISABLE' in args or \
       name == 'prlimit64' and 'RLIMIT_CORE, {rlim_cur=0, rlim_max=0}' in args:
        hardened.add(name)
    if name == 'openat' and '/sffs/config"' in args and len(hardened) < 2:
        complain('core dumps are on while the config is read:', line)
    if name == 'openat' and 'O_CREAT' in args and '.json.new"' in args and ', 0600)' not in args:
        complain('a login that others can read:', line)
    if not any(s in args for s in secrets):
        continue
    to = re.match(r'\d+<(.*?)>[,)]', args)
    if name in ('write', 'writev', 'pwrite64', 'sendto', 'sendmsg', 'sendmmsg') and to and \
            (re.search(r'->(127\.0\.0\.1|\[::1\]|\[::ffff:127\.0\.0\.1\]):%s\]' % port, to[1])
             or to[1].endswith('.json.new')):
        continue
    if name in ('read', 'recvfrom', 'recvmsg', 'pread64'):
        continue
    complain('a secret in ' + name + ':', line)
