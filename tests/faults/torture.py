#!/usr/bin/env python3
"""Makes each allocation and each call of the system fail in turn, and holds every run to what is promised.

    tests/faults/torture.py [--quick] [--calls NAME,...] [JOB]...

For each job of jobs.py and each kind of call: the first such call fails, then the second ..., until a run makes no more of
them; and before each call in turn a signal comes. Whatever fails, the run must end by itself, within seconds and without a signal: with status 0, and then with every byte as it would
have been; or with status 1 and a message, and then standard output is a beginning of the right one that ends with a line, each file is
the old one or the whole new one, and nothing is left beside them. A write, an fsync, a close or a rename of an answer or a file
that fails must be told by status 1. A signal is the run's death, with the same promises. --quick takes one call out of each group with the same
way through the program, and fewer out of libxgboost. $XGBPIPE is the program; under AddressSanitizer its leaks count too.
"""
import argparse
import concurrent.futures
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import jobs

SECONDS = 60
MODE = 0o640  # of the files that are there before
# What happens to which calls. `bears`: the call is tried again, or the program does without: nothing may change.
KINDS = [
    # calls, effect, from, bears
    ('memory', 'ENOMEM', 'program', False),
    ('memory', 'ENOMEM', 'library', False),
    ('read,pread', 'EIO', 'any', False),
    ('read', 'EINTR', 'program', True),
    ('read', 'short', 'program', True),
    ('write', 'ENOSPC', 'program', False),
    ('write', 'EIO', 'program', False),
    ('write', 'EINTR', 'program', True),
    ('write', 'EAGAIN', 'program', True),
    ('write', 'short', 'program', True),
    ('open', 'EMFILE', 'any', False),
    ('open', 'EINTR', 'program', True),
    ('close', 'EIO', 'program', False),
    ('close', 'EINTR', 'program', True),
    ('fsync', 'EIO', 'program', False),
    ('rename', 'EACCES', 'program', False),
    ('poll', 'EINTR', 'program', True),
    ('poll', 'ENOMEM', 'program', False),
    ('dup,fcntl,pipe2,eventfd,memfd_create', 'EMFILE', 'program', False),
    ('fstat,stat,access,faccessat,fchmod,fchown,readlink,statvfs,lseek', 'EIO', 'program', False),
    ('getrandom,posix_fadvise,sched_getaffinity', 'EAGAIN', 'program', True),
    ('pthread_create,pthread_mutex_init,pthread_cond_init', 'EAGAIN', 'program', False),
    ('sigaction', 'EAGAIN', 'program', False),
    ('dlopen', 'ENOMEM', 'program', False),
    ('all', 'SIGTERM', 'program', False),
    ('all', 'SIGINT', 'program', False),
    ('all', 'SIGHUP', 'program', False),
    ('all', 'SIGPIPE', 'program', False),
]
# Of signals --quick sends some, and these before each so many of the calls.
QUICK_SIGNALS = {'SIGTERM': 7, 'SIGPIPE': 29}
# The same for that call and all later ones: a machine that has run out of something.
FOR_GOOD = [('memory', 'ENOMEM', 'program'), ('write', 'ENOSPC', 'program'), ('read,pread', 'EIO', 'any'), ('open', 'EMFILE', 'any')]
# Every call, or every second one.
ALL_THE_TIME = [('read', 'short', '/1'), ('read', 'EINTR', '/2'), ('write', 'short', '/1'), ('write', 'EINTR', '/2'), ('write', 'EAGAIN', '/2'),
                ('poll', 'EINTR', '/2'), ('open,close', 'EINTR', '/2'), ('read,write,poll,open,close', 'EINTR', '/3'),
                ('read,write', 'short', '/1')]
QUICK_LIBRARY_POINTS = 40
FAILED_MAX = int(os.environ.get('FAULTS_FAILED_MAX', '100'))


def masked(text):
    """Times differ from run to run; and a run may be left unsealed, and says so."""
    return re.sub(rb'"(seconds|verify_ms)":[0-9.e+-]+|"sealed":"[^"]*"|in [0-9.]+ s\b', b'', text)


class Room:
    """A folder to run in, with what the job expects to find there."""

    def __init__(self, top, job):
        self.folder = tempfile.mkdtemp(dir=top)
        self.log = self.folder + '.log'
        self.job = job
        for name, content in job.files.items():
            self.put(name, content)

    def put(self, name, content):
        with open(os.path.join(self.folder, name), 'wb') as file:
            file.write(content)

    def take(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return None
        with open(path, 'rb') as file:
            return file.read()

    def run(self, library, faults=None):
        """Gives (status, stdout, stderr, outputs, names of files that should not be there, the log's lines)."""
        job = self.job
        for name, content in job.outputs.items():
            if content is not None:
                self.put(name, content)
                os.chmod(os.path.join(self.folder, name), MODE)
        environment = dict(os.environ, LC_ALL='C')
        # Of a sanitizer's build: its findings, leaks too, are a status of their own.
        environment.setdefault('ASAN_OPTIONS', 'exitcode=99:verify_asan_link_order=0:detect_stack_use_after_return=1')
        if faults:
            environment.update(FAULTS=faults, FAULTS_LOG=self.log, LD_PRELOAD=library)
        # pylint: disable=consider-using-with
        process = subprocess.Popen(job.command(), cwd=self.folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(job.stdin, SECONDS)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            status = 'none after %d s' % SECONDS
        log = []
        if os.path.exists(self.log):
            with open(self.log, encoding='ascii') as file:
                log = file.read().splitlines()
            os.unlink(self.log)
        outputs = {name: self.take(name) for name in job.outputs}
        modes = [name + ' with another mode' for name, content in job.outputs.items() if content is not None
                 and os.stat(os.path.join(self.folder, name)).st_mode & 0o7777 != MODE]
        left = sorted(set(os.listdir(self.folder)) - set(job.files) - set(job.outputs))
        for name in left + [name for name in job.outputs if outputs[name] is not None]:
            os.unlink(os.path.join(self.folder, name))
        return status, out, err, outputs, left + modes, log


# How a process ends where the one that ran out of memory cannot tell us: status, part of its message.
FOREIGN_ENDS = (
    (-signal.SIGABRT, b''),  # C++, where its language has no way to say so; its own message needs memory too
    (-signal.SIGSEGV, b''),  # initialisers of C++, while the library is loaded
    (127, b'out of memory'), (127, b'cannot allocate memory'),  # the loader
    (1, b'libgomp: Out of memory'),
)


def is_foreign(job, faults, got):
    """True where libxgboost, or what is loaded with it, ended the process because its own allocation failed. It must leave
    nothing behind all the same."""
    return job.uses_xgboost and faults.startswith('memory:library:') and any(
        got[0] == status and message in got[2] for status, message in FOREIGN_ENDS)


def is_of_an_answer(job, faults, got):
    """True where what failed was the writing of an answer or a file, of which nobody can know whether it is there: that must
    be told."""
    effect = faults.split(':')[3]
    if effect not in ('EIO', 'ENOSPC', 'EACCES') or not got[5]:
        return False
    call, _, target = got[5][0].partition(' @')
    name = call.split()[1]
    fd, _, path = target.partition(':')
    is_output = fd == '1' or any(output in os.path.basename(path) for output in job.outputs)
    return name == 'rename' or (name in ('write', 'fsync', 'close') and is_output)


def complaint(job, clean, got, faults, bears):
    """What is wrong with a run, or None."""
    calls, origin, when, effect = faults.split(':')
    status, out, err, outputs, left, _ = got
    clean_status, clean_out, _, clean_outputs, _, _ = clean
    if not isinstance(status, int):
        return 'status: ' + status
    if status < 0 and effect != signal.Signals(-status).name and not is_foreign(job, faults, got):
        return 'death by %s' % signal.Signals(-status).name
    if left:
        return 'left behind: %s' % left
    for name, content in outputs.items():
        if content != job.outputs[name] and masked(content or b'') != masked(clean_outputs[name]):
            return '%s is neither the old nor the new one: %r' % (name, content)
    if status < 0:
        if not (masked(clean_out).startswith(masked(out)) and (not out or out.endswith(b'\n'))):
            return 'standard output is %r' % out[-200:]
        return None if not err or b'xgbpipe: ' in err or is_foreign(job, faults, got) else 'a message: %r' % err
    if status == clean_status:
        if is_of_an_answer(job, faults, got):
            return 'status %d, and nothing said of it' % status
        if masked(out) != masked(clean_out):
            return None if job.may_say_otherwise else 'status %d, but standard output is %r' % (status, out[-200:])
        if any(masked(content or b'') != masked(clean_outputs[name]) for name, content in outputs.items()):
            return 'status %d, but not every file is there' % status
        return None
    if bears:
        return 'status %d: %r' % (status, err[-300:])
    if is_foreign(job, faults, got):
        return None if masked(clean_out).startswith(masked(out)) else 'standard output is %r' % out[-200:]
    # 3: the model, or a library that the spec needs, cannot be used.
    if status != 1 and not (status == 3 and not (calls == 'memory' and origin == 'program')):
        return 'status %d: %r' % (status, err[-300:])
    if not clean_out.startswith(out) and not masked(clean_out).startswith(masked(out)):
        return 'standard output is %r' % out[-200:]
    if out and not out.endswith(b'\n'):
        return 'standard output ends amid a line: %r' % out[-200:]
    # A message that cannot be written is not.
    if b'xgbpipe: ' not in err and not (when.endswith('+') and 'write' in calls):
        return 'status %d without a message' % status
    if calls == 'memory' and origin == 'program' and b'memory' not in err:
        return 'a message of something else: %r' % err[-300:]
    return None


class Torture:
    def __init__(self, arguments, scratch):
        self.quick = arguments.quick
        self.library = os.path.join(scratch, 'faults.so')
        subprocess.run([os.environ.get('CC') or 'gcc', '-std=gnu11', '-O2', '-g', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC',
                        '-U_FORTIFY_SOURCE', '-o', self.library, os.path.join(jobs.HERE, 'faults.c')], check=True)
        with open(jobs.PROGRAM, 'rb') as file:
            self.is_sanitized = b'__asan_init' in file.read()
        self.calls = arguments.calls.split(',') if arguments.calls else None
        self.scratch = scratch
        self.pool = concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0)))
        self.points = self.failed = self.passed = self.terminated = 0

    def points_of(self, room, calls, effect, origin):
        """The numbers to try: of all calls that a clean run makes, or one for each way through the program."""
        log = room.run(self.library, '%s:%s:0:%s' % (calls, origin, effect))[5]
        if not self.quick:
            return list(range(1, len(log) + 1))
        ways = {}
        for number, line in enumerate(log, 1):
            ways.setdefault(line.split(' @')[0].split(' ', 1)[1], number)
        chosen = sorted(ways.values())
        if origin == 'library' and calls == 'memory':
            chosen = list(range(1, len(log) + 1))
        if origin != 'program' and len(chosen) > QUICK_LIBRARY_POINTS:
            chosen = chosen[::len(chosen) // QUICK_LIBRARY_POINTS + 1]
        return chosen

    def judge(self, job, clean, rooms, faults, bears):
        room = rooms.get()
        got = room.run(self.library, faults)
        rooms.put(room)
        what = complaint(job, clean, got, faults, bears)
        if what is not None:
            where = got[5][0] if got[5] else 'not reached'
            print('not ok %s, FAULTS=%s: %s\n    at %s' % (job.name, faults, what, where), flush=True)
        return what is None, bool(got[5]), is_foreign(job, faults, got)

    def torture(self, job):
        rooms = queue.Queue()
        for _ in range(self.pool._max_workers):  # pylint: disable=protected-access
            rooms.put(Room(self.scratch, job))
        room = Room(self.scratch, job)
        clean = room.run(self.library)
        if clean[0] not in (0, 3):
            raise SystemExit('torture: %s fails by itself: %r' % (job.name, clean))
        tasks = []

        def add(faults, bears):
            tasks.append(self.pool.submit(self.judge, job, clean, rooms, faults, bears))

        for calls, effect, origin, bears in KINDS:
            if (self.calls and calls.split(',')[0] not in self.calls) or (calls, effect) in job.leaves_out:
                continue
            if self.is_sanitized and origin == 'library':
                continue  # the sanitizer's own
            if self.quick and effect.startswith('SIG') and effect not in QUICK_SIGNALS:
                continue
            if job.uses_xgboost and origin == 'any':
                origin = 'program'
            points = self.points_of(room, calls, effect, origin)
            for number in points[::QUICK_SIGNALS[effect]] if self.quick and effect in QUICK_SIGNALS else points:
                add('%s:%s:%d:%s' % (calls, origin, number, effect), bears)
        for calls, effect, origin in FOR_GOOD:
            if self.calls and calls.split(',')[0] not in self.calls:
                continue
            points = self.points_of(room, calls, effect, origin)
            for number in points if not self.quick else points[::5]:
                add('%s:%s:%d+:%s' % (calls, origin, number, effect), False)
        for calls, effect, when in ALL_THE_TIME:
            if (not self.calls or calls.split(',')[0] in self.calls) and (calls, effect) not in job.leaves_out:
                add('%s:program:%s:%s' % (calls, when, effect), True)
        for task in tasks:
            if self.failed > FAILED_MAX:
                task.cancel()
                continue
            is_good, is_reached, is_terminated = task.result()
            self.terminated += is_terminated
            self.points += is_reached
            self.passed += is_good
            self.failed += not is_good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--calls', help='only these: the first names of the kinds, as read,write,memory')
    parser.add_argument('names', nargs='*', metavar='JOB')
    arguments = parser.parse_args()
    scratch = tempfile.mkdtemp(prefix='xgbpipe-torture-')
    try:
        torture = Torture(arguments, scratch)
        for job in jobs.make_jobs(scratch):
            if arguments.names and job.name not in arguments.names:
                continue
            before = torture.points
            torture.torture(job)
            print('# %s: %d faults' % (job.name, torture.points - before), flush=True)
        if torture.terminated:
            print('# of these %d ended in libxgboost, or in what is loaded with it' % torture.terminated)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print('# %d faults in all' % torture.points)
    print('%d passed, %d failed, 0 skipped' % (torture.passed, torture.failed))
    return 1 if torture.failed else 0


if __name__ == '__main__':
    sys.exit(main())
