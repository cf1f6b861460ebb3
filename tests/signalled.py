# signalled.py FILE [SIGNAL...] -- COMMAND
#
# A program with a handler for each signal asks for FILE's attributes. While it waits, it gets each signal. When the
# mount has got them from the kernel, COMMAND runs: it lets the mount go on, or sends more signals ($PID is the
# program). Prints the result of the program.
import os, signal, subprocess, sys, time

split = sys.argv.index('--')
path, names, command = sys.argv[1], sys.argv[2:split], sys.argv[split + 1:]
signals = [getattr(signal, n) for n in names]


def state(pid):
    with open(f'/proc/{pid}/stat') as f:
        return f.read().rsplit(')', 1)[1].split()[0]


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return condition()


answer, end_of_child = os.pipe()      # not standard output, which a child that is stuck would keep open
pid = os.fork()
if pid == 0:
    os.dup2(end_of_child, 1)
    os.close(2)
    for s in signals + [signal.SIGALRM]:
        signal.signal(s, lambda *_: None)
    try:
        os.stat(path)
        print('there', flush=True)
    except OSError as e:
        print(os.strerror(e.errno), flush=True)
    os._exit(0)
os.close(end_of_child)


def waits():
    with open(f'/proc/{pid}/stack') as f:
        return 'request_wait_answer' in f.read()


if not until(waits):
    print('it does not wait', flush=True)
for s in signals:
    os.kill(pid, s)
if not until(lambda: state(pid) == 'D'):      # it waits on, for an answer
    print('the kernel does not tell the mount', flush=True)
subprocess.run(command, env={**os.environ, 'PID': str(pid)}, stdout=subprocess.DEVNULL)
if not until(lambda: os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT), 30):
    sys.exit('stuck')
print(os.read(answer, 100).decode(), end='', flush=True)
how = os.waitpid(pid, 0)[1]
if os.WIFSIGNALED(how):
    print(signal.Signals(os.WTERMSIG(how)).name, flush=True)
