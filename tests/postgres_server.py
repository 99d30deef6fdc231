"""A real PostgreSQL server for tests: Debian's, started in a scratch folder and stopped again.

It runs as a user that is not root, listens on a socket only, and asks for passwords. A socket's path has at most 107
bytes, so the folder's has to be short.
"""
import glob
import os
import shutil
import subprocess


class Server:
    """A cluster in a folder, which has to be there, with the user tester and a password, on a socket there.

    trouble says why there is none, or is None.
    """

    def __init__(self, scratch, password):
        self.scratch = scratch
        self.password = password
        found = sorted(glob.glob('/usr/lib/postgresql/*/bin/initdb'), key=lambda path: int(path.split('/')[4]))
        self.binaries = os.path.dirname(found[-1]) if found else os.path.dirname(shutil.which('initdb') or '')
        self.is_started = False
        self.folder = os.path.join(self.scratch, 'pg')
        self.user = []
        if os.geteuid() == 0 and shutil.which('setpriv'):
            self.user = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--']
        self.trouble = None
        if not self.binaries:
            self.trouble = 'no initdb (install postgresql)'
        elif os.geteuid() == 0 and not self.user:
            self.trouble = 'PostgreSQL does not run as root, and there is no setpriv'

    def command(self, name, *arguments):
        return subprocess.run(self.user + [os.path.join(self.binaries, name)] + list(arguments), cwd='/',
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=60, env=dict(os.environ, LC_ALL='C.UTF-8'))

    def make(self):
        os.mkdir(self.folder)
        os.chmod(self.scratch, 0o755)
        with open(os.path.join(self.scratch, 'pwfile'), 'w', encoding='utf-8') as file:
            file.write(self.password + '\n')
        if self.user:
            shutil.chown(self.folder, 'nobody', 'nogroup')
            shutil.chown(os.path.join(self.scratch, 'pwfile'), 'nobody', 'nogroup')
        made = self.command('initdb', '-D', self.folder + '/data', '-U', 'tester', '-A', 'scram-sha-256', '-E', 'UTF8',
                            '--pwfile', os.path.join(self.scratch, 'pwfile'), '--locale=C', '--no-sync')
        if made.returncode != 0:
            self.trouble = 'initdb failed: ' + made.stdout.decode()[-200:]
            return
        self.start()

    def start(self):
        options = "-c listen_addresses='' -c fsync=off -c jit=off -k " + self.folder
        started = self.command('pg_ctl', '-D', self.folder + '/data', '-w', '-t', '30', '-l', self.folder + '/log',
                               '-o', options, 'start')
        self.is_started = started.returncode == 0
        if not self.is_started:
            self.trouble = 'pg_ctl failed: ' + started.stdout.decode()[-200:]

    def stop(self):
        if self.is_started:
            self.command('pg_ctl', '-D', self.folder + '/data', '-m', 'immediate', '-w', 'stop')
            self.is_started = False

    def psql(self, text):
        psql = shutil.which('psql') or os.path.join(self.binaries, 'psql')
        subprocess.run([psql, '-qX', '-v', 'ON_ERROR_STOP=1', '-h', self.folder, '-U', 'tester', 'postgres'],
                       input=text.encode(), env=dict(os.environ, PGPASSWORD=self.password), check=True, timeout=60)
