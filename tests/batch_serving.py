"""README.md's chapter "Batch serving", run as a reader would: in one shell, from an empty database on.

tests/check.d/60-batch-serving runs it without the blocks that need Airflow, Spark or GNU parallel;
tests/integration/10-batch-serving runs all of it.
"""
import glob
import importlib.machinery
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

import readme_examples
from postgres_server import Server

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)
TESTDATA = os.path.join(ROOT, 'testdata')
PROGRAM = os.path.abspath(os.environ.get('XGBPIPE') or os.path.join(ROOT, 'build', 'xgbpipe'))
ORACLE = os.path.abspath(os.environ.get('ORACLE') or os.path.join(ROOT, 'build', 'oracle', 'bin', 'python3'))
PASSWORD = 'open-sesame'


def load_runner():
    loader = importlib.machinery.SourceFileLoader('run', os.path.join(TESTS, 'run'))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader('run', loader))
    loader.exec_module(module)
    return module


def the_block(*texts):
    """The one block of the chapter that holds all the texts."""
    found = [command for command, _, _ in readme_examples.blocks(readme_examples.chapter_text())
             if all(text in command for text in texts)]
    if len(found) != 1:
        raise SystemExit('%d blocks of the chapter hold %s' % (len(found), texts))
    return found[0]


def replaced(text, old, new):
    if old not in text:
        raise SystemExit('%r is not in %s' % (old, text))
    return text.replace(old, new)


class Place:
    """The reader's folder, with the worked example of the house prices done, and a PostgreSQL server.

    trouble says why it cannot be had, or is None. Counts what holds and what does not.
    """

    def __init__(self, area):
        self.area = area
        self.counts = {'passed': 0, 'failed': 0, 'skipped': 0}
        # A socket's path has at most 107 bytes.
        self.scratch = tempfile.mkdtemp(prefix='xgbpipe-', dir=None if len(tempfile.gettempdir()) < 60 else '/tmp')
        self.folder, self.environment = readme_examples.make_folder(self.scratch, PROGRAM, ORACLE)
        self.server = Server(self.scratch, PASSWORD)
        self.trouble = self.server.trouble
        for tool in ('sqlite3', 'jq', 'flock', 'psql', PROGRAM):
            if not shutil.which(tool):
                self.trouble = 'no %s' % tool
        if subprocess.run([ORACLE, '-c', 'import pandas, xgboost'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode != 0 if os.path.exists(ORACLE) else True:
            self.trouble = 'no Python with XGBoost (make oracle)'

    def has(self, tool):
        """Finds what `make check-integration` installs: airflow and spark-submit in their folders, the others anywhere."""
        name = {'airflow': 'airflow', 'spark-submit': 'spark'}.get(tool)
        if name:
            home = os.path.join(os.path.abspath(os.environ.get('BUILD') or os.path.join(ROOT, 'build')), 'integration', name)
            self.environment['PATH'] += os.pathsep + os.path.join(home, 'bin')
            for found in glob.glob(os.path.join(home, 'lib', 'python*', 'site-packages', 'pyspark')):
                self.environment['SPARK_HOME'] = found
        if not shutil.which(tool, path=self.environment['PATH']) or (name == 'spark' and not shutil.which('java')):
            self.skip('no %s (make check-integration installs it)' % tool)
            return False
        return True

    def __enter__(self):
        if not self.trouble:
            self.server.make()
            self.trouble = self.server.trouble
        if not self.trouble:
            passes = os.path.join(self.scratch, 'passes')
            with open(passes, 'w', encoding='utf-8') as file:
                file.write('*:*:*:*:%s\n' % PASSWORD)
            os.chmod(passes, 0o600)
            self.environment.update(PGHOST=self.server.folder, PGUSER='tester', PGPASSFILE=passes)
            example = [command for command, _, _ in readme_examples.blocks(readme_examples.other_text())
                       if 'fit -s houses.json' in command]
            status, _, err = self.run(example[0] if len(example) == 1 else 'echo no example of house prices; false')
            self.judge('the example of the house prices', (status, 0), (err if status else '', ''))
            self.trouble = 'the example of the house prices fails' if status else None
        return self

    def __exit__(self, *_):
        self.server.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def run(self, command, timeout=60, **environment):
        """(exit status, stdout, stderr) of a bash command in the folder; no process of it outlives the time."""
        with subprocess.Popen(['bash', '-c', command], cwd=self.folder, env=dict(self.environment, **environment),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              start_new_session=True) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                err += b'\nit took more than %d s' % timeout
        return process.returncode, out.decode('utf-8', 'replace'), err.decode('utf-8', 'replace')

    def sql(self, text):
        """What psql prints of a query in the chapter's database, a line for each row."""
        return self.run('psql -XAtqc "$QUERY" market', QUERY=text)[1].strip()

    def judge(self, name, *claims):
        """claims: pairs of what is and what should be (a text that begins with '...': contained)."""
        wrong = []
        for number, (got, wanted) in enumerate(claims):
            is_part = isinstance(wanted, str) and wanted.startswith('...')
            if (wanted[3:] not in got) if is_part else got != wanted:
                wrong.append('    claim %d: %.1500r, expected %.500r' % (number + 1, got, wanted))
        self.counts['failed' if wrong else 'passed'] += 1
        if wrong:
            print('\n'.join(['not ok %s/%s' % (self.area, name)] + wrong))

    def skip(self, reason):
        self.counts['skipped'] += 1
        print('skipped %s: %s' % (self.area, reason))

    def run_chapter(self, needs=(), timeout=120):
        """Every block, in one shell; those with a comment "needs TOOL" where TOOL is among needs."""
        text = readme_examples.chapter_text()
        found = list(readme_examples.blocks(text))
        ours = [(command, expected) for command, expected, comment in found
                if not comment or comment[len('needs '):].strip() in needs]
        shells = re.findall(r'^```(\w+)$', text, re.M)
        self.judge('the chapter has blocks', (len(ours) >= 8, True), (sorted(set(shells)), ['crontab', 'sh', 'text']))
        mark = "printf '\\n@@ %d\\n'; printf '\\n@@ %d\\n' >&2\n"
        script = 'set -e\n' + ''.join((mark % (number, number)) + command for number, (command, _) in enumerate(ours))
        status, out, err = self.run(script + mark % (len(ours), len(ours)), timeout)
        outs, errs = [re.split(r'\n@@ \d+\n', stream)[1:] for stream in (out, err)]
        runner = load_runner()
        for number, (command, expected) in enumerate(ours):
            title = 'block %d: %s' % (number + 1, command.splitlines()[0])
            if number >= len(outs):
                self.judge(title, ('not reached', 'run'))
            elif number == len(outs) - 1:
                self.judge(title, ((status, outs[number], errs[number:]), 'a status of 0'))
            elif expected is not None:
                is_near = runner.texts_are_near(outs[number].encode(), expected.encode())
                self.judge(title, (expected if is_near else (outs[number], errs[number]), expected))
            else:
                self.judge(title, ((outs[number], errs[number]), ('', '')))
        return script

    def finish(self):
        print('%(passed)d passed, %(failed)d failed, %(skipped)d skipped' % self.counts)
        return 1 if self.counts['failed'] else 0
