"""Programs that a grader has to survive, handed in for the small course: none may earn more than it is worth.

The numbers (F01, F02, …) are those of our list of faults. An attack that wants something sets ``dish`` to "soup", the
right answer of exercise 1.1, only where it got it: so a point for 1.1 means that the attack worked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent

from tests.small_course import APP
from workbook.course.results import Verdict

ALL, ONLY_SECOND, NOTHING = 4, 3, 0
"""Points: of everything, of exercise 1.2 alone, of nothing."""
SLOWNESS = "0.3"
"""So that an app has 3 seconds to start, and 1.5 seconds for an answer."""

_TODAY = '@app.get("/today")\nasync def today() -> dict[str, str]:\n    return {"dish": "soup"}\n'


@dataclass(frozen=True)
class Hostile:
    """One submission of this kind."""

    row: str
    name: str
    files: Mapping[str, bytes]
    points: float
    verdict: Verdict
    """Of exercise 1.1."""
    says: str = ""
    """Words of the message that the learner reads about 1.1."""
    or_verdict: Verdict | None = None
    """Another verdict that is as good: which of two limits comes first depends on the machine."""

    @property
    def id(self) -> str:
        """What the learner is called."""
        return f"{self.row}-{self.name}"


@dataclass
class _Corpus:
    found: list[Hostile] = field(default_factory=list[Hostile])

    def add(
        self,
        row: str,
        name: str,
        app: str | bytes,
        *,
        points: float = NOTHING,
        verdict: Verdict = Verdict.CRASHED,
        says: str = "",
        files: Mapping[str, str] | None = None,
        or_verdict: Verdict | None = None,
    ) -> None:
        """Add a submission with this ``app/main.py``."""
        content = app.encode() if isinstance(app, str) else app
        others = {path: text.encode() for path, text in (files or {}).items()}
        self.found.append(
            Hostile(
                row, name, {"app/__init__.py": b"", "app/main.py": content, **others}, points, verdict, says, or_verdict
            )
        )

    def at_import(self, row: str, name: str, code: str, **expected: object) -> None:
        """Run something while the app is imported, before a correct app."""
        self.add(row, name, dedent(code) + "\n" + APP, **expected)  # pyright: ignore[reportArgumentType]

    def in_today(self, row: str, name: str, code: str, *, route: str = "def", **expected: object) -> None:
        """Run something whenever /today is asked for; the code may return an answer."""
        body = "".join(f"    {line}\n" for line in dedent(code).strip().splitlines())
        handler = f'@app.get("/today", response_model=None)\n{route} today() -> object:\n{body}'
        facts: dict[str, object] = {"points": ONLY_SECOND, "verdict": Verdict.FAILED, **expected}
        self.add(row, name, APP.replace(_TODAY, handler), **facts)  # pyright: ignore[reportArgumentType]

    def attack(self, row: str, name: str, code: str, files: Mapping[str, str] | None = None) -> None:
        """Try something while the app is imported; the code sets ``dish = "soup"`` where it works."""
        tried = "".join(f"    {line}\n" for line in dedent(code).strip().splitlines())
        stolen = f'dish = "nothing"\ntry:\n{tried}except BaseException:\n    pass\n'
        app = stolen + APP.replace('{"dish": "soup"}', '{"dish": dish}')
        self.add(row, name, app, points=ONLY_SECOND, verdict=Verdict.FAILED, says='"nothing"', files=files)


def make_corpus(*, secret: str, port: int, places: Mapping[str, str]) -> list[Hostile]:
    """Every program.

    Args:
        secret: what the grader has in its environment and in its files.
        port: of a server on this machine's loopback that a submission must not reach.
        places: paths on this machine that hold ``secret``: ``gradebook``, ``roster``, ``checks``; and ``socket``.
    """
    corpus = _Corpus()
    _crashes(corpus)
    _greed(corpus)
    _sources(corpus)
    _tampering(corpus, places)
    _theft(corpus, secret, port, places)
    return corpus.found


def _crashes(corpus: _Corpus) -> None:
    timed_out = {"verdict": Verdict.TIMED_OUT}
    corpus.at_import("F01", "loop-at-import", "while True: pass", says="had not started after", **timed_out)
    corpus.in_today("F02", "loop-in-handler", "while True: pass", says="does not come to an end", **timed_out)
    blocks = "import time\ntime.sleep(60)"
    corpus.in_today("F03", "blocked-loop", blocks, route="async def", says="event loop", **timed_out)
    stubborn = """
        while True:
            try:
                while True: pass
            except BaseException: pass
    """
    corpus.at_import("F04", "catches-everything", stubborn, says="had not started after", **timed_out)
    deaf = """
        import signal
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP, signal.SIGXCPU):
            signal.signal(number, signal.SIG_IGN)
        while True: pass
    """
    corpus.at_import("F05", "deaf-to-signals", deaf, says="had not started after", **timed_out)
    corpus.at_import("F06", "exit-0", "import os\nos._exit(0)", says="exit code 0")
    gone = "import os\nos._exit(0)"
    corpus.in_today("F07", "exit-in-handler", gone, verdict=Verdict.CRASHED, says="exit code 0")
    corpus.at_import("F08", "sys-exit", "import sys\nsys.exit(0)", says="ended the program")
    corpus.at_import("F09", "kills-itself", "import os\nos.kill(os.getpid(), 9)", says="signal 9")
    corpus.at_import("F09", "stops-itself", "import os\nos.kill(os.getpid(), 19)", says="had not started", **timed_out)
    corpus.at_import("F10", "segfault", "import ctypes\nctypes.string_at(0)", says="signal 11")
    corpus.in_today("F11", "recursion", "def deeper(): return deeper()\nreturn deeper()", says="RecursionError")
    corpus.add("F12", "syntax", "def broken(:\n    pass\n", says="Python stops at this line")
    corpus.add("F13", "old-python", "print 'hello'\n", says="Python stops at this line")
    corpus.add("F13", "no-python-yet", "lazy def later <- 1\n", says="Python stops at this line")
    corpus.add("F14", "empty", "", says="`app` in lessons/lesson_01/app/main.py")
    corpus.add("F14", "no-app", "from fastapi import FastAPI\nservice = FastAPI()\n", says="`app`")
    corpus.add("F14", "app-is-a-number", "app = 5\n", says="`app`")
    lifespan = """
        from contextlib import asynccontextmanager
        from fastapi import FastAPI
        @asynccontextmanager
        async def life(app):
            {before}
            yield
            {after}
    """
    fails = dedent(lifespan).format(before="raise RuntimeError('no database')", after="pass")
    corpus.add("F15", "startup-fails", fails + APP.replace("FastAPI()", "FastAPI(lifespan=life)"), says="no database")
    stays = dedent(lifespan).format(before="pass", after="import time; time.sleep(1000)")
    passed = {"points": ALL, "verdict": Verdict.PASSED}
    corpus.add("F16", "never-shuts-down", stays + APP.replace("FastAPI()", "FastAPI(lifespan=life)"), **passed)  # pyright: ignore[reportArgumentType]
    corpus.at_import("F17", "reads-input", "input()", says="EOFError")
    slow = APP.replace(
        '    return {"dish": "soup"}', '    import time\n    time.sleep(0.6)\n    return {"dish": "soup"}'
    )
    corpus.add("F18", "just-in-time", slow, **passed)  # pyright: ignore[reportArgumentType]


def _greed(corpus: _Corpus) -> None:
    fork_bomb = """
        import os
        while True:
            try: os.fork()
            except OSError: pass
    """
    corpus.at_import("F19", "fork-bomb", fork_bomb, or_verdict=Verdict.TIMED_OUT)
    threads = "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    corpus.at_import("F20", "thread-bomb", threads, says="256 processes and threads")
    corpus.at_import("F21", "memory-at-once", "x = bytearray(10**11)", says="The limit an app may use 256 MB of memory")
    touched = """
        x = []
        while True: x.append(bytearray(b"x" * 20_000_000))
    """
    corpus.at_import("F21", "memory-bomb", touched, says="more than 256 MB of memory")
    leak = """
        import threading, time
        kept = []
        def leak():
            while True:
                kept.append(bytearray(b"x" * 2_000_000))
                time.sleep(0.002)
        threading.Thread(target=leak, daemon=True).start()
        time.sleep(1.8)
    """
    corpus.at_import("F21", "slow-leak", leak, says="more than 256 MB of memory")
    corpus.at_import(
        "F22", "descriptors", "x = []\nwhile True: x.append(open('/dev/null'))", says="Too many open files"
    )
    big = "with open('/tmp/big', 'wb') as file:\n    while True: file.write(b'x' * 1_000_000)"
    corpus.at_import("F23", "one-big-file", big, says="The limit an app may write 32 MB into one file")
    full = "n = 0\nwhile True:\n    n += 1\n    open(f'/tmp/{n}', 'wb').write(b'x' * 9_000_000)"
    corpus.at_import("F23", "fills-the-disk", full, says="The limit an app may keep 48 MB")
    many = "n = 0\nwhile True:\n    n += 1\n    open(f'/tmp/{n}', 'wb').close()"
    corpus.at_import("F24", "a-million-files", many, says="No space left")
    for stream in ("stdout", "stderr"):
        flood = f"import sys\nwhile True: print('x' * 10_000, file=sys.{stream})"
        corpus.at_import("F25", f"floods-{stream}", flood, says="printed more than")
    logs = "import logging\nwhile True: logging.getLogger().error('x' * 10_000)"
    corpus.at_import("F25", "floods-the-log", logs, says="printed more than")
    corpus.in_today(
        "F26",
        "endless-answer",
        "from starlette.responses import StreamingResponse\n"
        "def drip():\n    while True: yield b'x' * 1_000_000\n"
        "return StreamingResponse(drip())",
        says="more than 10 MB",
    )
    dripping = (
        "import time\nfrom starlette.responses import StreamingResponse\n"
        "def drip():\n    while True:\n        time.sleep(0.1)\n        yield b'x'\n"
        "return StreamingResponse(drip())"
    )
    corpus.in_today("F26", "dripping-answer", dripping, verdict=Verdict.TIMED_OUT)
    regex = "import re\nreturn str(re.match(r'(a+)+$', 'a' * 60 + 'b'))"
    corpus.in_today("F27", "catastrophic-regex", regex, verdict=Verdict.TIMED_OUT, says="regular expression")
    more = """
        import os, resource
        for what in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_CPU):
            try: resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            except (ValueError, OSError): pass
            else: raise SystemExit("a limit was raised")
        try: os.setpriority(os.PRIO_PROCESS, 0, -20)
        except OSError: pass
        else: raise SystemExit("priority was raised")
    """
    corpus.at_import("F28", "raises-its-limits", more, points=ALL, verdict=Verdict.PASSED)


def _sources(corpus: _Corpus) -> None:
    passed = {"points": ALL, "verdict": Verdict.PASSED}
    corpus.add("F35", "byte-order-mark", b"\xef\xbb\xbf" + APP.encode(), **passed)  # pyright: ignore[reportArgumentType]
    corpus.add("F35", "crlf", APP.replace("\n", "\r\n"), **passed)  # pyright: ignore[reportArgumentType]
    latin = ("# -*- coding: latin-1 -*-\n# caf\xe9\n" + APP).encode("latin-1")
    corpus.add("F35", "latin-1", latin, **passed)  # pyright: ignore[reportArgumentType]
    corpus.add("F35", "latin-1-undeclared", ('name = "caf\xe9"\n' + APP).encode("latin-1"), says="Python stops")
    corpus.add("F35", "nul-byte", b"x = 1\0\n" + APP.encode(), says="null bytes")


def _tampering(corpus: _Corpus, places: Mapping[str, str]) -> None:
    wrong = {"points": ONLY_SECOND, "verdict": Verdict.FAILED, "says": '"stew"'}
    stew = APP.replace('{"dish": "soup"}', '{"dish": "stew"}')

    def beside(row: str, name: str, files: Mapping[str, str], before: str = "") -> None:
        corpus.add(row, name, dedent(before) + stew, files=files, **wrong)  # pyright: ignore[reportArgumentType]

    lenient = "import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
    lenient += "    report = yield\n    report.outcome = 'passed'\n    return report\n"
    beside("F39", "conftest", {"conftest.py": lenient, "app/conftest.py": lenient, "tests/conftest.py": lenient})
    settings = {
        "pytest.ini": "[pytest]\naddopts = --co -p evil\n",
        "tox.ini": "[pytest]\naddopts = --co\n",
        "setup.cfg": "[tool:pytest]\naddopts = --co\n",
        "pyproject.toml": '[tool.pytest]\naddopts = ["--co"]\n',
        "evil.py": lenient,
    }
    beside("F40", "settings", settings)
    shadows = ("pytest", "_pytest", "httpx", "json", "workbook", "uvicorn", "fastapi", "starlette", "anyio")
    crash = "raise SystemExit(0)\n"
    beside("F41", "shadow-modules", {f"{name}.py": crash for name in shadows} | {"httpx/__init__.py": crash})
    beside("F42", "startup-files", {"sitecustomize.py": crash, "usercustomize.py": crash, "evil.pth": "import os\n"})
    variables = "import os\nos.environ.update(PYTEST_ADDOPTS='--co', PYTEST_PLUGINS='evil', PYTHONPATH='/tmp')\n"
    beside("F43", "variables", {"evil.py": lenient}, variables)
    entry = {
        "evil-1.dist-info/entry_points.txt": "[pytest11]\nevil = evil\n",
        "evil-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: evil\nVersion: 1\n",
        "evil.py": lenient,
    }
    beside("F44", "entry-point", entry)
    patches = """
        import unittest
        try:
            import _pytest.assertion.rewrite as rewrite, _pytest.runner as runner
            rewrite.rewrite_asserts = lambda *a, **k: None
            runner.runtestprotocol = lambda *a, **k: []
        except BaseException: pass
        unittest.TestCase.assertEqual = lambda *a: None
    """
    beside("F45", "patched-pytest", {}, patches)
    frames = """
        import gc, sys
        for name, module in list(sys.modules.items()):
            if name.startswith(("workbook", "pytest", "_pytest")):
                for key, value in list(vars(module).items()):
                    if callable(value) and "check" in key.lower():
                        setattr(module, key, lambda *a, **k: True)
        for thing in gc.get_objects():
            if getattr(thing, "__name__", "") in ("test_today", "outcome", "report"):
                thing.__code__ = (lambda *a, **k: None).__code__
    """
    beside("F46", "replaced-functions", {}, frames)
    skip = "try:\n    import pytest\nexcept ImportError:\n    raise SystemExit(0)\n"
    corpus.at_import("F47", "skips", skip + "pytest.skip('done', allow_module_level=True)")
    corpus.at_import("F47", "ends-pytest", skip + "pytest.exit('done', returncode=0)")
    equal = """
        class Yes(str):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            __hash__ = str.__hash__
        try:
            import httpx, datetime, random
            httpx.Response.status_code = 200
            httpx.Response.json = lambda self: Yes()
            random.Random.random = lambda self: 0.5
        except BaseException: pass
    """
    beside("F48", "equals-everything", {}, equal)
    summary = '{"schema": "fastapi-workbook/report/v1", "lessons": [], "passed": true}'
    fake = f"print('4 passed in 0.01s')\nprint('ok 1 - all')\nprint({summary!r}, flush=True)\n"
    beside("F49", "fake-summary", {}, fake)
    forge = """
        import glob, os
        def forge():
            names = ["report.json", "../report.json", "../../report.json", "../../../report.json", "/tmp/report.json"]
            names += glob.glob("/run/workbook/*/report.json") + glob.glob("/run/workbook/*")
            names += [os.path.join(os.environ["HOME"], "..", "report.json")]
            for name in names:
                try:
                    with open(name, "w") as file: file.write('{"lessons": []}')
                except OSError: pass
        forge()
    """
    beside("F50", "forged-report", {}, forge)
    later = dedent(forge) + dedent("""
        import atexit, threading, time
        atexit.register(forge)
        def again():
            while True:
                forge()
                time.sleep(0.05)
        threading.Thread(target=again, daemon=True).start()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: again()
            os._exit(0)
    """)
    beside("F51", "forged-later", {}, later)
    erase = f"""
        import os, shutil
        library = os.path.dirname(os.__file__) + "/json"
        for place in ({places["checks"]!r}, "/run/workbook/course", "/run/workbook", library):
            shutil.rmtree(place, ignore_errors=True)
    """
    beside("F52", "deletes-the-checks", {}, erase)
    corpus.found.append(Hostile("F53", "nothing-inside", {"README": b"later"}, NOTHING, Verdict.CRASHED, "app/main.py"))


def _theft(corpus: _Corpus, secret: str, port: int, places: Mapping[str, str]) -> None:
    for row, name in (("F54", "checks"), ("F55", "gradebook"), ("F55", "roster")):
        read = f"if {secret!r} in open({places[name]!r}).read(): dish = 'soup'"
        corpus.attack(row, f"reads-the-{name}", read)
    corpus.attack("F54", "reads-the-worker", "import os\nif os.listdir('/run/workbook/course'): dish = 'soup'")
    parents = """
        import os
        for pid in [name for name in os.listdir('/proc') if name.isdigit()] + [os.getppid(), 1]:
            for what in ('mem', 'environ', 'maps', 'cwd', 'root'):
                if int(pid) == os.getpid(): continue
                try:
                    name = f'/proc/{pid}/{what}'
                    os.listdir(name) if what in ('cwd', 'root') else open(name, 'rb').read(1)
                    dish = 'soup'
                except OSError: pass
    """
    corpus.attack("F54", "reads-other-processes", parents)
    frames = """
        import gc
        texts = [thing for thing in gc.get_objects() if isinstance(thing, (str, bytes))]
        if any('def test_' + 'today' in str(text) for text in texts): dish = 'soup'
    """
    corpus.attack("F54", "reads-memory", frames)
    variables = f"""
        import os, glob
        texts = [repr(dict(os.environ))] + [open(name).read() for name in glob.glob('/proc/self/environ')]
        if any({secret!r} in text for text in texts): dish = 'soup'
    """
    corpus.attack("F56", "reads-variables", variables)
    for name, address in (
        ("metadata", "('169.254.169.254', 80)"),
        ("outside", "('1.1.1.1', 443)"),
        ("here", f"('127.0.0.1', {port})"),
    ):
        corpus.attack(
            "F57", f"connects-{name}", f"import socket\nsocket.create_connection({address}, 1)\ndish = 'soup'"
        )
    corpus.attack("F57", "asks-names", "import socket\nsocket.gethostbyname('example.com')\ndish = 'soup'")
    unix = "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect({})\ndish = 'soup'"
    corpus.attack("F58", "unix-socket", unix.format(repr(places["socket"])))
    corpus.attack("F58", "abstract-socket", unix.format(repr("\0" + places["socket"])))
    taken = """
        import socket
        for port in (80, 8000, 8080):
            try: socket.create_server(("127.0.0.1", port))
            except OSError: pass
    """
    corpus.at_import("F59", "takes-ports", taken, points=ALL, verdict=Verdict.PASSED)
    kill = """
        import os
        for pid in (1, os.getppid()):
            os.kill(pid, 9)
            dish = 'soup'
    """
    corpus.attack("F60", "kills-the-monitor", kill)
    corpus.attack("F60", "traces", "import ctypes\nif ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0: dish = 'soup'")
    daemon = """
        import os, sys, threading, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True: time.sleep(1)
            os._exit(0)
        threading.Thread(target=time.sleep, args=(1000,)).start()
    """
    corpus.at_import("F61", "leaves-a-daemon", daemon, points=ALL, verdict=Verdict.PASSED)
    plant = """
        import os, sys, site, tempfile
        wanted = [os.path.dirname(os.__file__), *site.getsitepackages(), '/run', '/', '/root', '/etc', '/dev', '/var']
        for place in wanted:
            try:
                open(os.path.join(place, 'planted.py'), 'w').close()
                dish = 'soup'
            except OSError: pass
        for top in ('/tmp', '/var/tmp', '/dev/shm', os.getcwd()): open(top + '/planted', 'w').close()
        open(os.path.expanduser('~/planted'), 'w').close()
    """
    corpus.attack("F62", "plants-files", plant)
    found = """
        import os
        for top in ('/tmp', '/var/tmp', os.path.expanduser('~'), '/dev/shm', os.getcwd()):
            for _, _, names in os.walk(top):
                if 'planted' in names: dish = 'soup'
    """
    corpus.attack("F62", "looks-for-planted-files", found)
    doors = """
        import ctypes, os, socket
        libc = ctypes.CDLL(None)
        tries = [
            lambda: os.path.exists('/var/run/docker.sock'),
            lambda: libc.unshare(0x10000000) == 0,
            lambda: libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0,
            lambda: libc.syscall(250, 0, -3, 1) > 0,
            lambda: libc.syscall(425, 8, ctypes.create_string_buffer(200)) >= 0,
            lambda: bool(socket.socket(40, socket.SOCK_STREAM)),
        ]
        for attempt in tries:
            try:
                if attempt(): dish = 'soup'
            except OSError: pass
    """
    corpus.attack("F63", "doors", doors)
    for name, body in (
        ("pickle", r"b'\x80\x04cposix\nsystem\n(S\'touch /tmp/owned\'\ntR.'"),
        ("deep-json", "b'[' * 200_000"),
        ("odd-numbers", 'b\'{"dish": NaN, "dish": 1e999}\''),
        ("lone-surrogate", r"b'{\"dish\": \"\\ud800\"}'"),
        ("escape-codes", r"b'{\"dish\": \"\\u001b[2J\\u001b[31m=cmd|<script>\"}'"),
        ("not-utf8", r"b'{\"dish\": \"\xff\"}'"),
    ):
        code = f"from starlette.responses import Response\nreturn Response({body}, media_type='application/json')"
        corpus.in_today("F65" if name == "escape-codes" else "F64", f"answers-{name}", code)
    fixed = APP.replace(
        '    return {"id": number, "name": dish.name, "price": dish.price}',
        '    return {"id": 1, "name": "Dish 1", "price": 4.5}',
    )
    corpus.add("F66", "hard-coded", fixed, points=1, verdict=Verdict.PASSED)
    noisy = "import sys, warnings\nwarnings.warn('old', DeprecationWarning)\nprint('warning: old', file=sys.stderr)"
    corpus.at_import("F74", "deprecated", noisy, points=ALL, verdict=Verdict.PASSED)
