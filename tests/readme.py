#!/usr/bin/env python3
"""Runs the examples of README.md: its transcript, whose output must be the same; or each block of its cookbook; or one
recipe alone. Speaks TAP, for tests/e80-readme.t.
"""
import os, re, subprocess, sys

readme, home = open('README.md').read(), sys.argv[1]
places = {'/mnt/acme': os.environ['MNT'], '/backup/acme': home + '/backup',
          'https://api.example.com/': os.environ['API']}

def run(command):
    for name, place in places.items():
        command = command.replace(name, place)
    p = subprocess.run(['bash', '-c', command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=home,
                       env=dict(os.environ, HOME=home))
    out = p.stdout
    for name, place in places.items():
        out = out.replace(place, name)
    return p.returncode, out

recipes = re.findall(r'\*\*([^*]+)\*\*[^`]*?(?:`[^`\n]+`[^`]*?)*```sh\n(.*?)```',
                     readme.split('## Cookbook')[1].split('\n## ')[0], re.S)
number = 0
def tap(good, what, got=''):
    global number
    number += 1
    print(('' if good else 'not ') + 'ok %d - %s' % (number, what))
    if not good:
        print(re.sub('(?m)^', '# ', got))
    return good

if sys.argv[2] == 'transcript':
    for step in re.split(r'(?m)^\$ ', re.search(r'```console\n(.*?)```', readme, re.S).group(1))[1:]:
        command, _, shown = step.partition('\n')
        rc, out = run(command)
        tap(rc == 0 and out == shown, command, out)
elif sys.argv[2] == 'recipe':
    rc, out = run(next(code for title, code in recipes if title.startswith(sys.argv[3])))
    sys.stdout.write(out)
    sys.exit(rc)
else:
    wanted = dict(line.split('\t', 1) for line in open(sys.argv[3]).read().splitlines())
    for title, code in recipes:
        rc, out = run(code)
        pattern = next((p for t, p in wanted.items() if title.startswith(t)), None)
        tap(rc == 0 and pattern is not None and re.search(pattern, out, re.S), title,
            '%d\n%swanted: %s' % (rc, out, pattern))
print('1..%d' % number)
