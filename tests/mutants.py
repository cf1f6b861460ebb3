#!/usr/bin/env python3
"""
Mutants: each line of tests/mutants.tsv takes a promise away by changing one line of the source, and names the tests
that must then fail. Each row of docs/semantics.md has one at least. Speaks TAP: a mutant that survives its tests is
"not ok".

	tests/mutants.py            all of them, in a copy of the source below build/mutants
	tests/mutants.py WORD       those whose line contains WORD
	tests/mutants.py --check    changes and runs nothing: each line must still fit the source
	tests/mutants.py --verbose  shows the check that failed, too

A mutant's text stands once in its file and has no TAB. Its test is the quickest that fails; it is stopped at the first
check that does.
"""
import glob, os, shutil, signal, subprocess, sys, threading

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COPY = os.path.join(TOP, 'build', 'mutants')
SECONDS = 240                   # a mutant that hangs is killed, too
VERBOSE = '--verbose' in sys.argv

class Mutant:
    def __init__(self, line):
        self.line = line
        self.file, self.was, self.becomes, tests, self.says = line.split('\t')
        self.tests = tests.split()

def read_table():
    with open(os.path.join(TOP, 'tests', 'mutants.tsv'), encoding='utf8') as f:
        lines = [l.rstrip('\n') for l in f]
    return [Mutant(l) for l in lines[1:] if l and not l.startswith('#')]

def misfit(mutant):
    """Why the mutant cannot be made; None if it can."""
    path = os.path.join(TOP, mutant.file)
    if not os.path.exists(path):
        return 'no such file'
    count = open(path, encoding='utf8').read().count(mutant.was)
    if count != 1:
        return 'the text is there %d times' % count
    for test in mutant.tests:
        name = os.path.basename(test)
        source = test if test.endswith('.t') else 'tests/%s.c' % name
        if not os.path.exists(os.path.join(TOP, source)):
            return 'no test ' + test
    return None

def make_copy():
    """The files that git knows, as they are here; what was built of an earlier copy stays, and is used again."""
    files = subprocess.check_output(['git', '-C', TOP, 'ls-files', '-z']).decode().split('\0')[:-1]
    for name in files:
        here, there = os.path.join(TOP, name), os.path.join(COPY, name)
        if not os.path.isfile(here):
            continue
        if os.path.exists(there) and open(here, 'rb').read() == open(there, 'rb').read():
            continue
        os.makedirs(os.path.dirname(there), exist_ok=True)
        shutil.copy(here, there)
    for there in glob.glob(os.path.join(COPY, '[!b]*', '**', '*.[ch]'), recursive=True):
        if os.path.relpath(there, COPY) not in files:
            os.remove(there)

def write(path, text):
    with open(path, 'w', encoding='utf8') as f:
        f.write(text)

def build(tests):
    targets = [t for t in tests if not t.endswith('.t')]
    if len(targets) < len(tests):
        targets.append('all')
    return subprocess.run(['make', '-j', str(os.cpu_count())] + targets, cwd=COPY, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)

def end_all(tmp):
    """Unmounts and ends what a test that was killed has left."""
    for line in reversed(open('/proc/self/mounts').readlines()):
        target = line.split()[1]
        if target.startswith(tmp):
            subprocess.run(['umount', '-l', target], stderr=subprocess.DEVNULL)
    for proc in glob.glob('/proc/[0-9]*'):
        try:
            program = os.readlink(proc + '/exe')
            environment = open(proc + '/environ', 'rb').read()
        except OSError:
            continue
        if program.startswith(os.path.join(COPY, 'build')) or ('TMPDIR=' + tmp).encode() in environment:
            try:
                os.kill(int(os.path.basename(proc)), signal.SIGKILL)
            except ProcessLookupError:
                pass

def passes(test):
    """Runs the test up to the first check that fails."""
    tmp = os.path.join(COPY, 'tmp')
    os.makedirs(tmp, exist_ok=True)
    run = subprocess.Popen([os.path.join(COPY, test)], cwd=COPY, start_new_session=True,
                           env=dict(os.environ, TMPDIR=tmp, BUILD='build'), stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, text=True, errors='replace')
    alarm = threading.Timer(SECONDS, os.killpg, (run.pid, signal.SIGKILL))
    alarm.start()
    failed = next((line for line in run.stdout if line.startswith('not ok')), None)
    ok = failed is None and run.wait() == 0
    alarm.cancel()
    if run.poll() is None:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    end_all(tmp)
    shutil.rmtree(tmp, ignore_errors=True)
    if VERBOSE and failed:
        print('# ' + failed.rstrip(), flush=True)
    return ok

def try_mutant(mutant):
    """What is wrong: None if a test fails, as it should."""
    path = os.path.join(COPY, mutant.file)
    text = open(path, encoding='utf8').read()
    write(path, text.replace(mutant.was, mutant.becomes))
    try:
        built = build(mutant.tests)
        if built.returncode != 0:
            return 'it does not build: ' + ' '.join(built.stdout.decode(errors='replace').split('error:')[1:2])
        return 'it survives ' + ' '.join(mutant.tests) if all(passes(t) for t in mutant.tests) else None
    finally:
        write(path, text)

def main():
    check = '--check' in sys.argv
    words = [a for a in sys.argv[1:] if not a.startswith('--')]
    mutants = [m for m in read_table() if all(w in m.line for w in words)]
    failed = 0

    print('1..%d' % len(mutants), flush=True)
    if not check:
        make_copy()
        tests = sorted({t for m in mutants for t in m.tests})
        built = build(tests)
        if built.returncode != 0:
            sys.exit(built.stdout.decode(errors='replace')[-2000:] + '\nBail out! the source does not build')
        broken = [t for t in tests if not passes(t) and not passes(t)]
        if broken:
            sys.exit('Bail out! these fail without a mutant: ' + ' '.join(broken))
    for number, mutant in enumerate(mutants, 1):
        wrong = misfit(mutant) or (None if check else try_mutant(mutant))
        failed += wrong is not None
        print('%s %d - %s: %s' % ('ok' if wrong is None else 'not ok', number, mutant.file, mutant.says), flush=True)
        if wrong is not None:
            print('# ' + wrong.replace('\n', ' ')[:300], flush=True)
    if failed:
        sys.exit('%d of %d mutants survive or do not fit' % (failed, len(mutants)))

main()
