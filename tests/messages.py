#!/usr/bin/env python3
"""Prints the messages of the programs: each text that is passed to the log, with ... for the parts that vary. For
tests/e40-docs.t.
"""
import glob, re

CALL = re.compile(r'\b(?:log_(?:error|invalid|warn|warn_once|info|keep|forbidden|unreachable)|rest_log|'
                  r'(?:\w+_)?tell(?:_\w+)?|complain|lacks|refuse)\s*\(')
LITERAL = r'"(?:[^"\\]|\\.)*"'

def arguments(source, start):
    """The text between the parenthesis before start and the one that closes it."""
    depth, i = 1, start
    while depth:
        literal = re.compile(LITERAL).match(source, i)
        if literal:
            i = literal.end()
            continue
        depth += {'(': 1, ')': -1}.get(source[i], 0)
        i += 1
    return source[start:i - 1]

def texts(code):
    """The string literals in it; those that only white space divides are one."""
    for group in re.finditer(LITERAL + r'(?:\s*' + LITERAL + ')*', code):
        text = ''.join(s[1:-1] for s in re.findall(LITERAL, group.group()))
        text = re.sub(r'%[-.*0-9]*(?:ll|l|z)?[a-zA-Z]', '...', text.replace('\\"', '"').replace('%%', '%'))
        yield re.sub(r'\.\.\.(\s*\.\.\.)+', '...', text)

def says_something(text):
    """Not only names and places to fill in."""
    return len(re.sub(r'[^a-z]', '', text.replace('...', ''))) >= 8 and ' ' in text.strip()

found = set()
for path in glob.glob('fs/**/*.c', recursive=True) + glob.glob('auth/*.c'):
    source = open(path).read()
    for call in CALL.finditer(source):
        found.update(texts(arguments(source, call.end())))
known = re.search(r'errors\[\] = \{(.*?)\n\};', open('auth/oauth.c').read(), re.S).group(1)
for row in re.findall(r'\{(.*?)\},', known, re.S):
    found.add(list(texts(row))[-1])
found.update(texts(re.search(r'^host_login_url\(.*?\n\}', open('auth/host.c').read(), re.S | re.M).group()))
found.update(texts(re.search(r'^config_lacks\(.*?\n\}', open('auth/config.c').read(), re.S | re.M).group()))
print('\n'.join(sorted(t.strip() for t in found if says_something(t))))
