#!/usr/bin/env python3
"""
Mutants: each line of tests/mutants.tsv changes one line of the source, which takes a promise away, and names the tests
that must then fail. Each row of docs/semantics.md has at least one mutant. The output is TAP: a mutant that survives
its tests is "not ok".

	tests/mutants.py            all of them, in copies of the source below build/mutants
	tests/mutants.py WORD       those whose line contains WORD
	tests/mutants.py --check    changes and runs nothing: each line must still fit the source
	tests/mutants.py --verbose  shows the check that failed, too

The text of a mutant stands exactly once in its file, and has no TAB. A line names the quickest test that fails. Each
test is stopped at the first check that fails.
"""
import concurrent.futures, glob, os, queue, shutil, signal, subprocess, sys, threading

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SECONDS = 240                   # a test that hangs is stopped, and has failed
AT_ONCE = min(os.cpu_count(), 4)
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

def write(path, text):
    with open(path, 'w', encoding='utf8') as f:
        f.write(text)

def end_all(directory, tmp):
    """Unmounts and ends what a test that was killed has left."""
    for line in reversed(open('/proc/self/mounts', errors='surrogateescape').readlines()):
        target = line.split()[1].replace('\\040', ' ')
        if target.startswith(tmp + '/'):
            subprocess.run(['umount', '-l', target], stderr=subprocess.DEVNULL)
    for proc in glob.glob('/proc/[0-9]*'):
        try:
            program = os.readlink(proc + '/exe')
            environment = open(proc + '/environ', 'rb').read()
        except OSError:
            continue
        if program.startswith(directory + '/') or ('TMPDIR=%s\0' % tmp).encode() in environment + b'\0':
            try:
                os.kill(int(os.path.basename(proc)), signal.SIGKILL)
            except ProcessLookupError:
                pass

class Copy:
    """A copy of the files that git knows. The build of an earlier copy stays, and make uses it again."""
    def __init__(self, number):
        self.directory = os.path.join(TOP, 'build', 'mutants', str(number))
        files = subprocess.check_output(['git', '-C', TOP, 'ls-files', '-z']).decode().split('\0')[:-1]
        for name in files:
            here, there = os.path.join(TOP, name), os.path.join(self.directory, name)
            if not os.path.isfile(here):
                continue
            if os.path.exists(there) and open(here, 'rb').read() == open(there, 'rb').read():
                continue
            os.makedirs(os.path.dirname(there), exist_ok=True)
            shutil.copy(here, there)
        for there in glob.glob(os.path.join(self.directory, '[!b]*', '**', '*.[ch]'), recursive=True):
            if os.path.relpath(there, self.directory) not in files:
                os.remove(there)

    def build(self, tests):
        """Builds the programs for these tests. Returns why it does not build; None if it does."""
        targets = [t for t in tests if not t.endswith('.t')]
        if len(targets) < len(tests):
            targets.append('all')
        run = subprocess.run(['make', '-j2'] + targets, cwd=self.directory, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, errors='replace')
        return None if run.returncode == 0 else 'it does not build: ' + ' '.join(run.stdout.split('error:')[1:2])

    def passes(self, test):
        """Runs the test up to the first check that fails."""
        tmp = os.path.join(self.directory, 'tmp')
        os.makedirs(tmp, exist_ok=True)
        run = subprocess.Popen([os.path.join(self.directory, test)], cwd=self.directory, start_new_session=True,
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
        end_all(self.directory, tmp)
        shutil.rmtree(tmp, ignore_errors=True)
        if VERBOSE and failed:
            print('# ' + failed.rstrip(), flush=True)
        return ok

    def passes_as_it_is(self, test):
        return not self.build([test]) and (self.passes(test) or self.passes(test))

    def try_mutant(self, mutant):
        """Returns what is wrong; None if a test fails, as it should."""
        path = os.path.join(self.directory, mutant.file)
        text = open(path, encoding='utf8').read()
        write(path, text.replace(mutant.was, mutant.becomes))
        try:
            return self.build(mutant.tests) or \
                ('it survives ' + ' '.join(mutant.tests) if all(self.passes(t) for t in mutant.tests) else None)
        finally:
            write(path, text)

def main():
    check = '--check' in sys.argv
    words = [a for a in sys.argv[1:] if not a.startswith('--')]
    mutants = [m for m in read_table() if all(w in m.line for w in words)]
    copies = queue.Queue()
    failed = 0

    def with_copy(do, what):
        copy = copies.get()
        try:
            return do(copy, what)
        finally:
            copies.put(copy)

    def judge(copy, mutant):
        broken = [t for t in mutant.tests if not sound[t]]
        return 'this fails without the mutant, too: ' + ' '.join(broken) if broken else copy.try_mutant(mutant)

    print('1..%d' % len(mutants), flush=True)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        if not check:
            for number in range(AT_ONCE):
                copies.put(Copy(number))
            tests = sorted({t for m in mutants for t in m.tests})
            sound = dict(zip(tests, pool.map(lambda t: with_copy(Copy.passes_as_it_is, t), tests)))
        results = pool.map(lambda m: misfit(m) or (None if check else with_copy(judge, m)), mutants)
        for number, (mutant, wrong) in enumerate(zip(mutants, results), 1):
            failed += wrong is not None
            print('%s %d - %s: %s' % ('ok' if wrong is None else 'not ok', number, mutant.file, mutant.says),
                  flush=True)
            if wrong is not None:
                print('# ' + wrong.replace('\n', ' ')[:300], flush=True)
    if failed:
        sys.exit('%d of %d mutants survive or do not fit' % (failed, len(mutants)))

main()
