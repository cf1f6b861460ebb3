# callers.py N COMMAND...: starts N callers, waits until each is waiting in the kernel for the mount, then sends SIGINT
# (Ctrl-C) to all of them, and prints how each ended. A caller that does not end within 20 seconds is "stuck".
import signal, subprocess, sys, time


def waits_for_the_mount(pid):
    """Whether the kernel waits for FUSE in the process's place; only root may look there, others see that it sleeps."""
    try:
        with open(f'/proc/{pid}/stack') as f:
            stack = f.read()
        return 'fuse' in stack or 'folio_wait' in stack or 'request_wait_answer' in stack
    except OSError:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0] in 'SD'


count, command = int(sys.argv[1]), sys.argv[2:]
default = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
callers = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=default)
           for _ in range(count)]
until = time.monotonic() + 20
while not all(waits_for_the_mount(c.pid) for c in callers):
    if time.monotonic() > until or any(c.poll() is not None for c in callers):
        print('not waiting:', [c.poll() for c in callers])
        break
    time.sleep(0.005)
for c in callers:
    c.send_signal(signal.SIGINT)
for c in callers:
    try:
        print(signal.Signals(-c.wait(timeout=20)).name if c.wait(timeout=20) < 0 else c.returncode)
    except subprocess.TimeoutExpired:
        print('stuck')
        c.kill()
