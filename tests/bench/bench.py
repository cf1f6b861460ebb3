#!/usr/bin/env python3
"""bench.py [--quick | --sample] [--only FIGURE,...] [--report FILE]: compares sffs with the tools in use today and with
the limits of the machine, and measures how its cost grows.
"""

import argparse
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import figures
import report
from world import BUILD, TOP, Failed, World, can_drop_caches


def first_line(*argv):
    try:
        out = subprocess.run(argv, capture_output=True, text=True, timeout=20)
        return next(iter((out.stdout + out.stderr).strip().splitlines()), '')
    except (OSError, subprocess.SubprocessError):
        return ''


def machine():
    with open('/proc/cpuinfo') as f:
        cpu = re.search(r'model name\s*:\s*(.*)', f.read())
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30
    disk = first_line('sh', '-c', 'df --output=fstype /var/tmp | tail -1')
    return f'{cpu.group(1) if cpu else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory, ' \
    f'caches on {disk}, Linux {platform.release()}'


def versions():
    def package(name):
        return first_line('dpkg-query', '-W', '-f', '${Version}', name)
    with open(os.path.join(TOP, 'docs/VERSION')) as f:
        own = f.read().strip()
    commit = first_line('git', '-C', TOP, 'rev-parse', '--short', 'HEAD')
    names = [f'sffs {own} ({commit})', first_line('gcc', '--version')] + [f'{p} {package(p)}' for p in (
        'libfuse3-3', 'curl', 'nginx-light', 'rclone', 'httpdirfs', 'sshfs', 'libcsv3', 'miller', 'csvkit')
        if package(p)]
    return ', '.join(names + [f'Python {platform.python_version()}', figures.DUCKDB])


def write_report(path, sections, bench, mode, seconds, load):
    every = [f for _, fs in sections for f in fs]
    base = os.path.splitext(path)[0]
    out = ['# Benchmarks', '',
           'Is sffs faster than other programs, how close is it to the limits of the machine, and how does its '
           f'cost grow? `make bench{"" if mode == "full" else "-quick"}` writes this page. tests/bench/figures.py '
           'has a function for each figure.', '',
           f'- {time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}, {seconds / 60:.0f} minutes',
           f'- {machine()}; load when it began: {load:.1f} (much above 0 means that other work ran beside it)',
           f'- {versions()}',
           '- The org is simulated on this machine. Its files are in memory, and so are those that nginx and '
           'sftp-server serve. sshfs reaches sftp-server without ssh, which is the best case for sshfs.',
           f'- "{figures.LATENCY} ms away" means that tests/delay-proxy.c stands before each server, and every byte '
           'arrives half of that later. A connection takes no time of its own there, which favours programs that '
           'connect often.',
           '- Contenders take turns, in another order each round. The tables show the median and the spread. A ratio '
           'is the median of the ratios of the same round. Between runs all caches are dropped, unless the figure '
           'says otherwise.',
           '- A program that returns wrong bytes is shown as wrong, not as fast.', '']
    out += [f'- Left out: {why}' for why in bench.missing] + ([''] if bench.missing else [])
    out += ['The mounts:', '', '```', *(f'{name + ":":14} {command}' for name, command in bench.mounts.items()), '```',
            '']
    out += ['## Goals', '', report.goals_table(every), '']
    short = report.shortfalls(every)
    out += ['Figures that fall short, and why:', '', *short, ''] if short else []
    for heading, fs in sections:
        tables = [report.figure_table(f) for f in fs]
        if tables:
            out += [f'## {heading}', '', *tables]
    out += ['## Growth', '']
    for name, series in bench.series:
        with open(f'{base}-{name}.svg', 'w') as f:
            f.write(report.svg(series))
        out += [report.series_table(series), f'![{series.name}]({os.path.basename(base)}-{name}.svg)', '']
    with open(path, 'w') as f:
        f.write('\n'.join(out))
    print(f'\nwritten: {path}')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--quick', action='store_true',
                        help='under three minutes: what a goal is about, without a million documents')
    parser.add_argument('--sample', action='store_true',
                        help='seconds, with sizes that say nothing: does the benchmark work?')
    parser.add_argument('--only', help='names of functions in figures.py, with commas')
    parser.add_argument('--report', help='where to write it')
    parser.add_argument('--disk', default='/var/tmp', help='where caches and copies are kept')
    o = parser.parse_args()
    mode = 'quick' if o.quick else 'sample' if o.sample else 'full'
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if not can_drop_caches():
        print('bench: only root can drop the page cache, without which no figure is cold: nothing is measured',
              file=sys.stderr)
        return 1
    begin, load = time.monotonic(), os.getloadavg()[0]
    world = World(o.disk)
    chosen = {'quick': figures.QUICK, 'sample': figures.SAMPLE}.get(mode) or [f for _, fs in figures.ALL for f in fs]
    sections, names, done = [], o.only.split(',') if o.only else None, False
    try:
        bench = figures.Bench(world, figures.SIZES[mode])
        for heading, functions in figures.ALL:
            results = []
            sections.append((heading, results))
            for function in functions:
                if function.__name__ not in names if names else function not in chosen:
                    continue
                started = time.monotonic()
                try:
                    made = function(bench)
                except (Failed, OSError) as e:
                    print(f'\n{function.__name__}: {e}')
                    bench.miss(f'{function.__name__}: {e}')
                    continue
                for figure in made if isinstance(made, list) else [made]:
                    if not figure.contenders[0].values:
                        figure.run()
                    bench.stop(figure)
                    report.print_figure(figure)
                    print(f'    ({time.monotonic() - started:.0f} s)', flush=True)
                    results.append(figure)
        every = [f for _, fs in sections for f in fs]
        print('\n' + report.goals_table(every))
        if o.report:
            write_report(o.report, sections, bench, mode, time.monotonic() - begin, load)
        done = True
    finally:
        if not done and os.path.exists(os.path.join(world.disk, 'log')):
            shutil.copy(os.path.join(world.disk, 'log'), os.path.join(BUILD, 'bench.log'))
        world.end()
    return 0


if __name__ == '__main__':
    sys.exit(main())
