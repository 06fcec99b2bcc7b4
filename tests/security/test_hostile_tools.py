"""Proves T5 T6: hostile tool code ends with an error reply within the limits, reaches nothing, and the service goes on serving."""

import json
from typing import Any

import pytest
from callstage_contracts.pb.sandbox.v1 import sandbox_pb2 as pb

Target = Any
BACKEND_SECRET = "backend-secret-4711"

REACHING_OUT = {
    "import os": "import os\nreturn os.listdir('/')",
    "import os.environ": "import os\nreturn dict(os.environ)",
    "os.system": "import os\nreturn os.system('id')",
    "os.popen": "import os\nreturn os.popen('id').read()",
    "os.fork": "import os\nwhile True:\n    os.fork()",
    "os.kill": "import os\nos.kill(1, 9)",
    "subprocess": "import subprocess\nreturn subprocess.check_output('id')",
    "multiprocessing": "import multiprocessing\nmultiprocessing.Process(target=print).start()",
    "threading": "import threading\nthreading.Thread(target=print).start()",
    "socket": "import socket\nsocket.create_connection(('127.0.0.1', 6379))",
    "urllib": "import urllib.request\nreturn urllib.request.urlopen('http://127.0.0.1').read()",
    "http": "import http.client\nreturn http.client.HTTPConnection('127.0.0.1')",
    "requests": "import requests\nreturn requests.get('http://127.0.0.1')",
    "httpx2": "import httpx2\nreturn httpx2.get('http://127.0.0.1')",
    "ctypes": "import ctypes\nctypes.string_at(0)",
    "pickle": "import pickle\nreturn pickle.loads(b'cos\\nsystem\\n(S\"id\"\\ntR.')",
    "importlib": "import importlib\nreturn importlib.import_module('os')",
    "builtins": "import builtins\nreturn builtins.open('/etc/passwd').read()",
    "dunder import": "return __import__('os').environ",
    "eval import": "return eval(\"__import__('os').environ\")",
    "exec import": "exec('import subprocess')",
    "platform module": "import tool_sandbox.settings",
    "kit module": "import callstage_kit",
    "gc": "import gc\nreturn gc.get_objects()",
    "inspect": "import inspect\nreturn inspect.stack()",
    "open passwd": "return open('/etc/passwd').read()",
    "open proc": "return open('/proc/self/environ').read()",
    "open parent": "return open('../../../../etc/shadow').read()",
    "write file": "open('/tmp/x', 'w').write('x')",
    "pathlib read": "from pathlib import Path\nreturn Path('/etc/passwd').read_text()",
    "pathlib list": "from pathlib import Path\nreturn [str(p) for p in Path('/').iterdir()]",
    "pathlib write": "from pathlib import Path\nPath('/tmp/x').write_text('x')",
    "aiohttp": "import aiohttp\nreturn await aiohttp.ClientSession().get('http://127.0.0.1')",
    "smtplib": "import smtplib\nsmtplib.SMTP('127.0.0.1', 25)",
    "sqlite": "import sqlite3\nreturn sqlite3.connect('/tmp/x').execute('select 1').fetchall()",
    "shutil": "import shutil\nshutil.rmtree('/tmp')",
    "tempfile": "import tempfile\nreturn tempfile.mkdtemp()",
    "signal": "import signal\nsignal.raise_signal(9)",
    "mmap": "import mmap\nmmap.mmap(-1, 1 << 40)",
    "code module": "import code\ncode.interact()",
    "relative import": "from . import settings\nreturn settings",
    "import hook": "import sys\nsys.meta_path.append(None)\nimport os\nreturn os.environ",
    "sys modules": "import sys\nreturn sys.modules['os'].environ",
    "sys frame": "import sys\nreturn sys._getframe().f_globals",
    "exit": "import sys\nsys.exit(0)",
    "compile": "return compile('1', 'x', 'eval')",
    "globals": "return globals()['__builtins__']",
    "locals": "return locals()['_tool'].__globals__",
    "input": "return input()",
    "breakpoint": "breakpoint()",
}
WALKING = {
    "class bases": "return ().__class__.__bases__[0].__subclasses__()",
    "mro": "return type([]).__mro__[1].__subclasses__()",
    "function globals": "def f(): pass\nreturn f.__globals__",
    "function code": "def f(): pass\nreturn f.__code__.co_consts",
    "closure": "x = 1\ndef f(): return x\nreturn f.__closure__[0].cell_contents",
    "generator frame": "g = (i for i in [1])\nreturn g.gi_frame.f_back.f_globals",
    "traceback frame": "try:\n    1 / 0\nexcept Exception as e:\n    return e.__traceback__.tb_frame.f_globals",
    "format walk": "return '{0.__class__.__init__.__globals__}'.format(server)",
    "server globals": "return server.search_read.__globals__",
    "server func": "return server.search_read.__func__",
    "server self": "return server.search_read.__self__",
    "server backend": "return server._backend._login.secret",
    "server calls": "return server._calls",
    "server start": "return await server._start('x', ['a'], None)",
    "server dict": "return server.__dict__",
    "server vars": "return vars(server)",
    "server init": "server.__init__(None, None)",
    "server getattr": "return getattr(server, '_backend')",
    "server getattr spelled": "return getattr(server, '_back' + 'end')",
    "server reduce": "return server.__reduce_ex__(2)",
    "server class init": "return type(server)(None, None)",
    "server class attr": "return type(server)._on_backend",
    "server unlisted": "return await server.log_in()",
    "server as argument": "await server.create('res.partner', vals={'name': server})",
    "function as argument": "await server.create('res.partner', vals={'name': print})",
    "model is not a text": "await server.search_read(server)",
    "self given twice": "await server.search_read('res.partner', self=1)",
    "logger globals": "return logger.info.__globals__",
    "integration account": "return kwargs['integrations']['email']._account",
    "kwargs class": "return type(kwargs).__subclasses__()",
    "args class": "return args.__class__.__mro__[-1].__subclasses__()",
    "session getattr": "return session.__getattribute__('__class__').__base__",
    "coroutine frame": "c = server.search_read('res.partner')\nreturn c.cr_frame.f_globals",
    "coroutine send": "c = server.search_read('res.partner')\nreturn c.send(None)",
    "coroutine throw": "c = server.search_read('res.partner')\nc.throw(SystemExit())",
    "coroutine close": "c = server.search_read('res.partner')\nc.close()\nreturn c.cr_code",
    "lambda globals": "return (lambda: 1).__globals__",
    "async generator frame": "async def g():\n    yield 1\nreturn g().ag_frame.f_globals",
    "exception context": "try:\n    await server.search_read('no.such.model')\nexcept Exception as e:\n    return e.__context__.tb_frame",
    "exception cause": "try:\n    await server.read('res.partner', [99])\nexcept Exception as e:\n    return e.__cause__._vendor",
    "format spec walk": "return f'{server.__class__.__init__.__globals__}'",
    "string format map": "return '{s.__class__}'.format_map({'s': server})",
    "match class": "match server:\n    case object(__class__=c):\n        return c.__subclasses__()",
    "star unpack": "return [*server]",
    "assign method": "server.search_read = print\nreturn await server.search_read('x')",
    "delete method": "del server.create\nreturn server.create",
    "subclass server": "class S(type(server)):\n    pass\nreturn S()",
    "metaclass": "class M(type):\n    def __call__(cls):\n        return cls\nclass A(metaclass=M):\n    pass\nreturn A().__mro__",
    "descriptor": "return property(lambda self: 1).fget.__globals__",
    "type constructor": "return type('X', (object,), {})().__class__.__base__.__subclasses__()",
    "unicode attribute": "return server.__ｃlass__.__subclasses__()",
    "model with path": "return await server.search_read('../../web/database/manager')",
    "method with path": "return await server.call('res.partner', '../../../web/session/logout')",
    "getattr dunder": "return getattr((), '__cl' + 'ass__').__base__",
}
EXHAUSTING = {
    "endless loop": "while True:\n    pass",
    "endless loop that catches": "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
    "endless generator": "import itertools\nreturn sum(itertools.count())",
    "endless range": "return sum(range(10 ** 15))",
    "endless sleep": "import asyncio\nawait asyncio.sleep(10 ** 9)",
    "endless short sleeps": "import time\nwhile True:\n    time.sleep(0.001)",
    "list bomb": "x = []\nwhile True:\n    x.append('x' * 1000)",
    "string doubling": "x = 'a'\nwhile True:\n    x += x",
    "bytes bomb": "return len(bytes(10 ** 12))",
    "list multiplication": "return len([0] * 10 ** 12)",
    "dict bomb": "x = {}\ni = 0\nwhile True:\n    x[i] = str(i)\n    i += 1",
    "nested comprehension": "return [[i for i in range(10 ** 6)] for _ in range(10 ** 6)]",
    "huge power": "return 9 ** 9 ** 9",
    "huge shift": "return 1 << (1 << 40)",
    "huge int as result": "return 2 ** 100000",
    "huge int as text": "return len(str(7 ** 3000000))",
    "huge factorial": "import math\nreturn math.factorial(10 ** 7)",
    "decimal bomb": "import decimal\nreturn decimal.Decimal(10) ** decimal.Decimal(10 ** 9)",
    "format width": "return f'{1:>1000000000000}'",
    "percent width": "return '%1000000000000d' % 1",
    "recursion": "def f():\n    return f()\nreturn f()",
    "mutual recursion": "def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\nreturn f(1)",
    "deep result": "x = []\nfor _ in range(5000):\n    x = [x]\nreturn x",
    "giant text result": "return 'x' * 30_000_000",
    "giant list result": "return [0] * 1_000_000",
    "giant shared result": "x = ['x'] * 10_000\nreturn [x] * 10_000",
    "giant key": "return {'x' * 1_000_000: 1}",
    "giant session": "session['x'] = 'x' * 1_000_000\nreturn 1",
    "giant exception": "raise ValueError('x' * 20_000_000)",
    "giant exception tree": "def f(n):\n    if n == 0:\n        raise ValueError('x' * 100_000)\n    f(n - 1)\nf(400)",
    "deep source": "return " + "(" * 20_000 + ")" * 20_000,
    "deep brackets": "return " + "[" * 50_000,
    "long source": "x = 1\n" * 100_000,
    "many names": "\n".join(f"x{i} = {i}" for i in range(5000)) + "\nwhile True:\n    pass",
    "regular expression": "import re\nfor _ in range(10 ** 9):\n    re.match('(a|aa)+$', 'a' * 5000 + 'b')",
    "regular expression size": "import re\nre.compile('(' * 100_000)",
    "regular expression repeat": "import re\nre.compile('((a{1,1000}){1,1000}){1,1000}')\nwhile True:\n    pass",
    "replace bomb": "x = 'a' * 1_000_000\nreturn x.replace('a', x)",
    "join bomb": "return ('x' * 1_000_000).join(['y'] * 1_000_000)",
    "eval bomb": "return eval('[' * 10_000 + ']' * 10_000)",
    "exec loop": "exec('while True: pass')",
    "json bomb": "import json\nreturn json.loads('[' * 200_000 + ']' * 200_000)",
    "base64 bomb": "import base64\nreturn base64.b64encode(bytes(60_000_000))",
    "print flood": "while True:\n    print('x' * 1000)",
    "print giant": "for _ in range(100):\n    print('x' * 20_000_000)",
    "log flood": "while True:\n    logger.info('%s', 'x' * 1000)",
    "tiny print flood": "while True:\n    print()",
    "host call flood": "while True:\n    await server.search_read('res.partner', fields=['name'], limit=1)",
    "host call flood at once": "import asyncio\nawait asyncio.gather(*[server.search_read('res.partner', limit=1) for _ in range(900)])",
    "suspension flood": "while True:\n    server.search_read('res.partner', limit=1)",
    "failing call flood": "while True:\n    try:\n        await server.search_read(1)\n    except TypeError:\n        pass",
    "attribute flood": "while True:\n    try:\n        server.nope\n    except AttributeError:\n        pass",
    "name flood": "while True:\n    try:\n        nope\n    except NameError:\n        pass",
    "giant argument": "await server.create('res.partner', vals={'name': 'x' * 20_000_000})",
    "giant arguments again": (
        "x = 'x' * 20_000_000\nfor _ in range(300):\n    try:\n        await server.create('res.partner', vals={'name': x})\n"
        "    except ValueError:\n        pass\nwhile True:\n    pass"
    ),
    "deep argument": "x = []\nfor _ in range(5000):\n    x = [x]\nawait server.search_read('res.partner', domain=x)",
    "zip bomb": "import zlib\nreturn len(zlib.decompress(zlib.compress(bytes(10 ** 9))))",
    "set bomb": "x = set()\ni = 0\nwhile True:\n    i += 1\n    x.add(i)",
    "sorted bomb": "return len(sorted(range(10 ** 9)))",
    "split bomb": "return len(('a ' * 30_000_000).split())",
    "repr bomb": "x = ['y' * 1000] * 10_000_000\nreturn len(repr(x))",
    "comprehension condition": "return [x for x in iter(int, 1)]",
    "awaits nothing": "import asyncio\nawait asyncio.Event().wait()",
    "never awaited": "[server.search_read('res.partner') for _ in range(500)]\nwhile True:\n    pass",
    "system exit": "raise SystemExit(1)",
    "keyboard interrupt": "raise KeyboardInterrupt()",
    "memory error": "raise MemoryError()",
    "task flood": "import asyncio\nasync def f():\n    while True:\n        await asyncio.sleep(0)\nawait asyncio.gather(*[f() for _ in range(999)])",
}


async def _still_serves(target: Target) -> None:
    reply = await target.run("rows = await server.search_read('res.partner', fields=['name'])\nreturn rows[0]['name']")
    assert json.loads(reply.result_json) == {"result": "Ann"}


def _assert_harmless(reply: pb.RunToolReply) -> None:
    assert reply.status in (pb.RUN_STATUS_FAILED, pb.RUN_STATUS_TIMED_OUT), reply.result_json[:500]
    assert reply.duration_ms < 15_000
    assert len(reply.model_text) < 1000
    assert reply.ByteSize() < 100_000
    text = str(reply)
    assert BACKEND_SECRET not in text
    assert "root:" not in text


@pytest.mark.parametrize("name", REACHING_OUT)
async def test_code_reaches_nothing(target: Target, name: str) -> None:
    _assert_harmless(await target.run(REACHING_OUT[name]))
    await _still_serves(target)


@pytest.mark.parametrize("name", WALKING)
async def test_code_cannot_walk_out(target: Target, name: str) -> None:
    _assert_harmless(await target.run(WALKING[name]))
    assert target.odoo.writes == []
    await _still_serves(target)


@pytest.mark.parametrize("name", EXHAUSTING)
async def test_code_cannot_exhaust_the_service(target: Target, name: str) -> None:
    _assert_harmless(await target.run(EXHAUSTING[name]))
    assert target.odoo.writes == []
    await _still_serves(target)


async def test_nothing_stays_behind_between_runs(target: Target) -> None:
    """A later run, of whatever tenant, starts in a fresh interpreter."""
    await target.run("import math\nmath.evil = 1\nglobal secret_value\nsecret_value = 'mine'\nlen = None\nreturn 1")
    reply = await target.run("import math\nreturn [hasattr(math, 'evil'), 'secret_value' in str(args), len('ab')]")
    assert json.loads(reply.result_json) == {"result": [False, False, 2]}
    assert (await target.run("return secret_value")).error_code == "tool_error"
