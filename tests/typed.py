#!/usr/bin/env python3
"""typed.py COMMAND...: runs a command on a terminal of its own, prints its output and exits with its status. Standard
input: KEY=ANSWER, a line each; the answers are typed in order, each when the question begins with KEY.
"""
import os, pty, sys

answers = [line.rstrip('\n').split('=', 1) for line in sys.stdin]
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said = question = ''
while True:
    try:
        new = os.read(terminal, 4096).decode()
    except OSError:     # the command has ended
        break
    said += new
    question = (question + new).rsplit('\n', 1)[-1]
    if answers and question.startswith(answers[0][0]) and question.endswith('= '):
        os.write(terminal, (answers.pop(0)[1] + '\n').encode())
        question = ''
sys.stdout.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
