"""The examples of README.md, and the folder that its reader stands in: a clone's build/try, with records and a model."""
import os
import re
import shutil

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The blocks of this chapter go on from one another and need a database: tests/batch_serving.py runs them.
CHAPTER = 'Batch serving'


def chapter_text():
    with open(os.path.join(ROOT, 'README.md'), encoding='utf-8') as file:
        return re.search(r'^## %s\n.*?(?=^## )' % CHAPTER, file.read(), re.S | re.M).group()


def other_text():
    with open(os.path.join(ROOT, 'README.md'), encoding='utf-8') as file:
        return file.read().replace(chapter_text(), '')


def blocks(text, language='sh'):
    """(command, expected output or None, the comment in front or '') of each block; a ```text block behind is its output."""
    fences = re.findall(r'(?:<!-- ([^>]*) -->\n)?```(\w+)\n(.*?)```\n', text, re.S)
    for number, (comment, kind, body) in enumerate(fences):
        if kind == language:
            follows = fences[number + 1] if number + 1 < len(fences) else ('', '', '')
            yield body, follows[2] if follows[1] == 'text' else None, comment


def make_folder(scratch, program, oracle):
    """The folder where the examples run, and their environment; oracle is a Python that has XGBoost."""
    os.mkdir(os.path.join(scratch, 'bin'))
    os.symlink(program, os.path.join(scratch, 'bin', 'xgbpipe'))
    folder = os.path.join(scratch, 'clone', 'build', 'try')
    os.makedirs(folder)
    testdata = os.path.join(ROOT, 'testdata')
    os.symlink(testdata, os.path.join(scratch, 'clone', 'testdata'))
    for source, target in [('models/boston_linear.json', 'model.json'), ('records/houses.csv', 'houses.csv'),
                           ('records/houses.jsonl', 'houses.jsonl')]:
        shutil.copy(os.path.join(testdata, source), os.path.join(folder, target))
    path = os.pathsep.join([os.path.join(scratch, 'bin'), os.path.dirname(oracle), os.environ['PATH']])
    return folder, dict(os.environ, LC_ALL='C.UTF-8', TZ='UTC', TESTDATA=testdata, PATH=path)
