"""Programs for the sandbox: attacks that must find nothing, and honest idioms that must work.

Each is a part of a service that answers GET /found with a list of texts: what an attack got hold of. The check asks it
twice, with a restart between, because what one service leaves behind is the beginning of many attacks. Honest code
raises where something is missing.
"""

from __future__ import annotations

from textwrap import dedent, indent

from tests.small_course import APP

_SERVICE = '''\
import ctypes, glob, os, socket, sqlite3, stat, subprocess, sys, threading, time
found = []
libc = ctypes.CDLL(None, use_errno=True)
database = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
folder = os.path.dirname(database)


def attempt(what, action):
    """Note what worked."""
    try:
        result = action()
    except BaseException as error:
        return
    if result not in (None, False, -1):
        found.append(f"{what}: {str(result)[:80]}")


def look():
'''
_ROUTE = """

@app.get("/found")
def get_found() -> list[str]:
    look()
    return found
"""

CHECK = '''
def test_nothing_is_found(service, database):
    """The service finds nothing that it should not have."""
    assert service.client.get("/found").json() == []
    service.restart()
    assert service.client.get("/found").json() == []
    assert database.tables() == []
'''


def program(code: str) -> str:
    """A whole ``app/main.py`` that runs some code when it is asked."""
    return f"{_SERVICE}{indent(dedent(code).strip(), '    ')}\n\n\n{APP}{_ROUTE}"


ATTACKS = {
    # What the trusted side reads, imports, binds or follows.
    "swaps-its-scratch-for-the-course": """
        places = [os.environ["HOME"], os.environ["TMPDIR"], "/tmp", "/var/tmp", os.getcwd(), folder]
        for place in places:
            attempt("the course is at " + place, lambda: os.listdir(os.path.join(place, "checks")))
            attempt("the course is at " + place, lambda: os.listdir(os.path.join(place, "..", "course")))
        for place in [*places, *(os.path.join(os.path.dirname(place), "tmp") for place in places)]:
            try:
                os.rename(place, place + "-old")
            except OSError:
                continue
            attempt("put a link in the place of " + place, lambda: os.symlink("/run/workbook/course", place) or place)
    """,
    "plants-checks-and-bytecode": """
        roots = ["/run/workbook/course", "/run/workbook", *(glob.glob("/run/workbook/run-*"))]
        for top in [*roots, os.path.dirname(os.__file__), *sys.path]:
            for name in ("test_6_zz.py", "conftest.py", "sitecustomize.py", "__pycache__/evil.pyc"):
                if top and not top.startswith(os.getcwd()):
                    attempt("planted", lambda: open(os.path.join(top, name), "w").name)
    """,
    "puts-odd-things-beside-its-database": """
        attempt("a link", lambda: os.symlink("/run/workbook/course", folder + "/link") or "made")
        attempt("a pipe", lambda: os.mkfifo(folder + "/pipe") or "made")
        attempt("a device", lambda: os.mknod(folder + "/device", stat.S_IFCHR | 0o666, os.makedev(1, 3)) or "made")
        attempt("a folder", lambda: os.mkdir(folder + "/folder") or "made")
        attempt("a socket", lambda: socket.socket(socket.AF_UNIX).bind(folder + "/s") or "made")
        attempt("a hard link", lambda: os.link(__file__, folder + "/hard") or "made")
        open("/tmp/ordinary", "w").close()
        attempt("moved in", lambda: os.rename("/tmp/ordinary", folder + "/moved") or "made")
        os.path.lexists("/tmp/link") or os.symlink("/etc/passwd", "/tmp/link")
        attempt("moved a link in", lambda: os.rename("/tmp/link", folder + "/moved") or "made")
    """,
    "takes-its-database-away": """
        attempt("moved its folder", lambda: os.rename(folder, folder + "-old") or "moved")
        attempt("removed its folder", lambda: os.rmdir(folder) or "removed")
        try:
            os.unlink(database)
            attempt("a link for its database", lambda: os.symlink("/dev/zero", database) or "made")
            os.close(os.open(database, os.O_CREAT | os.O_WRONLY, 0))
            os.chmod(folder, 0)
        except OSError:
            pass
    """,
    "finds-what-an-earlier-service-left": """
        for top in ("/tmp", "/var/tmp", os.environ["HOME"], os.getcwd(), "/dev/shm"):
            name = os.path.join(top, "left-behind")
            attempt("left in " + top, lambda: os.path.exists(name) and str(os.stat(name).st_ino))
            if found: break
            os.getpid() and open(name + "-later", "w").close()
        if not os.path.exists("/tmp/asked"):
            open("/tmp/asked", "w").close()
        else:
            found.append("was asked before")
    """,
    # What belongs to others.
    "sees-more-than-its-own-mounts": """
        own = (os.getcwd(), folder)
        for line in open("/proc/self/mountinfo"):
            place = line.split()[4]
            if place.startswith("/run") and place not in own: found.append(place)
        for place in ("/run/cgroups", "/sys/fs/cgroup", "/run/workbook/jail", "/.old", "/.scratch"):
            attempt("sees " + place, lambda: os.path.exists(place))
        attempt("sees the checks", lambda: glob.glob("/run/workbook/**/test_*.py", recursive=True) or None)
        attempt("sees the sockets", lambda: glob.glob("/run/workbook/**/*.sock", recursive=True) or None)
        attempt("sees the reports", lambda: glob.glob("/run/workbook/**/report*", recursive=True) or None)
    """,
    "uses-what-it-inherited": """
        for name in os.listdir("/proc/self/fd"):
            try: target = os.readlink("/proc/self/fd/" + name)
            except OSError: continue
            kinds = ("socket:", "anon_inode:", "pipe:", "/proc", "/dev/null", folder)
            if int(name) > 2 and not target.startswith(kinds): found.append(target)
    """,
    "looks-through-process-1": """
        for pid in (1, os.getppid()):
            for what in ("root", "cwd", "fd", "environ", "mem", "maps"):
                attempt(f"/proc/{pid}/{what}", lambda: os.listdir(f"/proc/{pid}/{what}"))
                attempt(f"/proc/{pid}/{what}", lambda: open(f"/proc/{pid}/{what}", "rb").read(1) and "read")
        attempt("writes its memory", lambda: open("/proc/1/mem", "wb"))
        attempt("leaves by ..", lambda: os.listdir("/".join(("/proc/self", "root", "..", "..", "run/workbook/course"))))
        descriptor = os.open("/", os.O_RDONLY)
        attempt("leaves by a descriptor", lambda: os.listdir(f"/proc/self/fd/{descriptor}/../run/workbook/course"))
    """,
    "opens-files-by-handle": """
        handle = ctypes.create_string_buffer(b"\\x80\\0\\0\\0" + bytes(140))
        attempt("names a handle", lambda: libc.syscall(303, -100, b"/", handle, ctypes.byref(ctypes.c_int()), 0))
        attempt("opens a handle", lambda: libc.syscall(304, -100, handle, 0))
    """,
    # Rights.
    "becomes-somebody-else": """
        for user in (0, 1, 61000, 65534):
            attempt(f"became {user}", lambda: os.setuid(user) or "yes")
            attempt(f"became group {user}", lambda: os.setgroups([user]) or "yes")
        for name in ("su", "mount", "newgrp", "sudo", "unshare", "nsenter", "chroot", "bwrap"):
            command = {"mount": ["mount", "-t", "tmpfs", "x", "/tmp"], "bwrap": ["bwrap", "--bind", "/", "/", "true"]}
            attempt(name, lambda: subprocess.run(
                command.get(name, [name, "--", "true"] if name in ("sudo", "su") else [name, "-r", "true"]),
                capture_output=True, stdin=subprocess.DEVNULL, timeout=2).returncode == 0)
        status = dict(line.split(":", 1) for line in open("/proc/self/status"))
        attempt("has capabilities", lambda: int(status["CapEff"], 16) or None)
        attempt("may get new ones", lambda: status["NoNewPrivs"].strip() == "0")
    """,
    "changes-the-machine": """
        names = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_forward",
                 "/proc/sys/vm/drop_caches", "/proc/sys/user/max_user_namespaces", "/proc/sysrq-trigger"]
        for name in names:
            attempt(name, lambda: os.open(name, os.O_WRONLY))
        attempt("host name", lambda: socket.sethostname("mine") or "changed")
        attempt("clock", lambda: time.clock_settime(time.CLOCK_REALTIME, 0) or "changed")
        attempt("priority", lambda: os.nice(-5))
        attempt("scheduler", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) or "changed")
    """,
    "enters-namespaces": """
        for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
            attempt(f"unshare {flag:x}", lambda: libc.unshare(flag) == 0)
        attempt("setns", lambda: libc.setns(os.open("/proc/self/ns/net", os.O_RDONLY), 0) == 0)
        attempt("clone3", lambda: libc.syscall(435, ctypes.create_string_buffer(88), 88) > 0)
        attempt("chroot", lambda: os.chroot("/tmp") or "yes")
        attempt("fsopen", lambda: libc.syscall(430, b"tmpfs", 0))
        attempt("open_tree", lambda: libc.syscall(428, -100, b"/", 1))
    """,
    "makes-memory-that-nobody-counts": """
        attempt("memfd_create", lambda: os.memfd_create("mine"))
        attempt("memfd_secret", lambda: libc.syscall(447, 0))
        attempt("shmget", lambda: libc.shmget(0, 4096, 0o1600))
        attempt("msgget", lambda: libc.msgget(0, 0o1600))
        attempt("semget", lambda: libc.semget(0, 1, 0o1600))
        attempt("modify_ldt", lambda: libc.syscall(154, 0, ctypes.create_string_buffer(16), 16))
        attempt("mq_open", lambda: libc.syscall(240, b"mine", 0o102, 0o600, None))
        attempt("huge pages", lambda: libc.mmap(0, 1 << 21, 3, 0x40022, -1, 0) not in (-1, 0xFFFFFFFF))
        attempt("locked memory", lambda: libc.mlockall(3) == 0)
        pair = socket.socketpair()
        pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        attempt("large buffers", lambda: pair[0].getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) > 500_000)
    """,
    "calls-what-is-newer-than-the-filter": """
        for number in range(452, 520):
            ctypes.set_errno(0)
            result = libc.syscall(number, 0, 0, 0, 0, 0, 0)
            if not (result == -1 and ctypes.get_errno() == 38): found.append(f"{number}: {result} {ctypes.get_errno()}")
        attempt("calls of another architecture", lambda: libc.syscall(0x40000000 + 39))
    """,
    "opens-other-sockets": """
        for name, family, kind in (("packet", 17, 3), ("vsock", 40, 1), ("raw", 2, 3), ("alg", 38, 5), ("can", 29, 3)):
            attempt(name, lambda: socket.socket(family, kind))
        for address in ("169.254.169.254", "10.0.0.1", "8.8.8.8"):
            attempt(address, lambda: socket.create_connection((address, 80), 0.3))
        attempt("sends datagrams", lambda: socket.socket(2, 2).sendto(b"x", ("8.8.8.8", 53)))
    """,
    "kills-everybody": """
        attempt("stops process 1", lambda: os.kill(1, 19) or (open("/proc/1/stat").read().split()[2] == "T"))
        for number in (9, 15, 19):
            try: os.kill(-1, number)
            except OSError: pass
        for pid in range(2, 400):
            if pid != os.getpid() and not os.path.exists(f"/proc/self/task/{pid}"):
                attempt(f"killed {pid}", lambda: os.kill(pid, 0) or "could")
    """,
    "leaves-a-maze": """
        place = "/tmp/deep"
        for _ in range(200):
            os.makedirs(place, exist_ok=True)
            os.chdir(place)
            place = "d/" * 10
        os.chdir(os.path.dirname(os.path.dirname(__file__)))
    """,
}

IDIOMS = {
    "log file in the current folder": """
        import logging
        handler = logging.FileHandler("app.log")
        logging.getLogger("mine").addHandler(handler)
        logging.getLogger("mine").warning("hello")
        assert "hello" in open("app.log").read()
    """,
    "file beside the code": """
        import pathlib
        file = pathlib.Path(__file__).with_name("cache.json")
        file.write_text("{}")
        assert file.read_text() == "{}"
        assert pathlib.Path(__file__).read_text()
    """,
    "sqlite in the current folder": """
        with sqlite3.connect("app.db") as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS t (n)")
    """,
    "temporary files": """
        import tempfile
        for folder in ("/tmp", "/var/tmp", None):
            with tempfile.NamedTemporaryFile(dir=folder) as file: file.write(b"x")
            with tempfile.TemporaryDirectory(dir=folder) as name: os.mkdir(name + "/x")
    """,
    "localhost": """
        assert socket.gethostbyname("localhost") == "127.0.0.1"
        assert socket.getaddrinfo("localhost", 80)
        with socket.create_server(("localhost", 0)) as server:
            socket.create_connection(server.getsockname(), 1).close()
    """,
    "own host name": """
        import platform
        assert socket.gethostbyname(socket.gethostname()).startswith("127.")
        assert platform.node() == socket.gethostname()
        assert socket.getfqdn()
    """,
    "user": """
        import getpass, pwd, grp, pathlib
        name = getpass.getuser()
        entry = pwd.getpwuid(os.getuid())
        assert entry.pw_name == name and entry.pw_dir == str(pathlib.Path.home()) == os.path.expanduser("~" + name)
        assert os.path.isdir(entry.pw_dir) and grp.getgrgid(os.getgid()).gr_name
        pathlib.Path.home().joinpath(".config").mkdir(exist_ok=True)
    """,
    "certificates": """
        import ssl
        context = ssl.create_default_context()
        if os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
            assert context.cert_store_stats()["x509_ca"] > 0
        import certifi, httpx
        ssl.create_default_context(cafile=certifi.where())
        httpx.Client().close()
    """,
    "standard streams by name": """
        for name in ("/dev/stdout", "/dev/stderr", "/dev/fd/1", "/proc/self/fd/2"):
            with open(name, "w") as stream: stream.write("hello\\n")
        with open("/dev/null", "w") as stream: stream.write("x")
        assert open("/dev/null").read() == ""
        assert len(open("/dev/urandom", "rb").read(8)) == 8
        assert os.listdir("/dev/fd")
    """,
    "logging to standard output by name": """
        import logging
        logging.getLogger("out").addHandler(logging.FileHandler("/dev/stdout"))
        logging.getLogger("out").warning("hello")
    """,
    "terminal": """
        import pty
        master, slave = pty.openpty()
        assert os.isatty(slave) and os.ttyname(slave).startswith("/dev/pts/")
        os.write(slave, b"hi")
        assert os.read(master, 2) == b"hi"
        pid, descriptor = pty.fork()
        if pid == 0: os._exit(0)
        os.waitpid(pid, 0)
    """,
    "folders of the system": """
        assert {"usr", "tmp", "etc", "dev", "home", "proc", "var"} <= set(os.listdir("/"))
        for name in ("/", "/etc", "/usr", "/tmp", "/home", "/proc", ".", ".."): os.listdir(name)
        assert os.statvfs("/tmp").f_bavail and __import__("shutil").disk_usage(".").free
    """,
    "time zones": """
        import zoneinfo, datetime
        zone = zoneinfo.ZoneInfo("Europe/Lisbon")
        assert datetime.datetime(2026, 7, 1, tzinfo=zone).utcoffset() == datetime.timedelta(hours=1)
        assert datetime.datetime.now().astimezone().tzinfo
        time.tzset()
    """,
    "threads": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(20) as pool: assert sum(pool.map(abs, range(50))) == 1225
    """,
    "subprocess": """
        done = subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, text=True, check=True)
        assert done.stdout == "1\\n"
        assert subprocess.check_output(["sh", "-c", "echo $HOME; pwd"]).split()[0].decode() == os.environ["HOME"]
        subprocess.run(["true"], start_new_session=True, check=True)
    """,
    "asyncio subprocess": """
        import asyncio
        async def run():
            process = await asyncio.create_subprocess_exec("echo", "hi", stdout=asyncio.subprocess.PIPE)
            return (await process.communicate())[0]
        assert asyncio.run(run()) == b"hi\\n"
    """,
    "multiprocessing": """
        import multiprocessing
        context = multiprocessing.get_context("fork")
        lock, queue, value = context.Lock(), context.Queue(), context.Value("i", 3)
        def work():
            with lock: queue.put(value.value)
        process = context.Process(target=work)
        process.start()
        assert queue.get(timeout=3) == 3
        process.join()
        with context.Manager() as manager: assert manager.dict(a=1)["a"] == 1
    """,
    "shared memory": """
        from multiprocessing import shared_memory
        block = shared_memory.SharedMemory(create=True, size=4096)
        block.buf[0] = 7
        block.close()
        block.unlink()
    """,
    "process pool": """
        from concurrent.futures import ProcessPoolExecutor
        import multiprocessing
        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
            assert list(pool.map(abs, [-1, 2])) == [1, 2]
    """,
    "socket pairs and pipes": """
        a, b = socket.socketpair()
        a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        a.send(b"x")
        assert b.recv(1) == b"x"
        reader, writer = os.pipe()
        os.write(writer, b"y")
        assert os.read(reader, 1) == b"y"
        unix = socket.socket(socket.AF_UNIX)
        name = f"/tmp/mine-{os.getpid()}-{len(os.listdir('/tmp'))}.sock"
        unix.bind(name)
        os.mkfifo(name + ".fifo")
    """,
    "event loop": """
        import asyncio
        loop = asyncio.new_event_loop()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        import select
        select.epoll().close()
    """,
    "memory maps": """
        import mmap
        with mmap.mmap(-1, 1 << 20) as memory: memory[0] = 1
        with open("mapped", "wb+") as file:
            file.truncate(4096)
            with mmap.mmap(file.fileno(), 4096) as memory: memory[0] = 1
    """,
    "files of all kinds": """
        import pathlib, shutil
        top = pathlib.Path("made")
        shutil.rmtree(top, ignore_errors=True)
        top.mkdir()
        (top / "a").write_text("a")
        (top / "a").rename(top / "b")
        (top / "link").symlink_to("b")
        os.link(top / "b", top / "hard")
        os.chmod(top / "b", 0o600)
        os.utime(top / "b")
        shutil.copytree(top, "/tmp/copied", dirs_exist_ok=True)
        shutil.move(str(top), "/tmp/moved-" + str(time.time_ns()))
    """,
    "about the machine": """
        import platform, locale, resource, uuid, secrets
        assert os.cpu_count() and os.getloadavg() and platform.platform() and uuid.uuid4() and secrets.token_hex()
        assert len(os.sched_getaffinity(0)) >= 1
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss and locale.getlocale() is not None
        assert open("/proc/self/status").read() and open("/proc/cpuinfo").read() and os.uname().nodename
        uuid.uuid1()
    """,
    "mime types and templates": """
        import mimetypes
        assert mimetypes.guess_type("a.html")[0] == "text/html"
        from fastapi.staticfiles import StaticFiles
        os.makedirs("static", exist_ok=True)
        open("static/a.css", "w").write("a {}")
        StaticFiles(directory="static")
    """,
    "its database": """
        assert os.path.dirname(database) and os.access(folder, os.W_OK)
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE IF NOT EXISTS kept (n)")
            connection.execute("INSERT INTO kept VALUES (1)")
            connection.execute("DROP TABLE kept")
    """,
    "signals and timers": """
        import signal, faulthandler
        signal.getsignal(signal.SIGTERM)
        pid = os.fork()
        if pid == 0: time.sleep(30)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    """,
}

REFUSED = {
    "writes elsewhere": ("open('/etc/mine', 'w')", "change files outside of its own lesson folder"),
    "changes its user": ("os.chroot('/tmp')", "change its user, its rights or this machine"),
    "memory without a file": ("os.memfd_create('x')", "nor make memory without a file"),
    "other sockets": ("socket.socket(40, socket.SOCK_STREAM)", "open sockets of this family"),
    "network": ("socket.create_connection(('10.0.0.1', 80), 1)", "reach any network"),
    "names of others": ("socket.gethostbyname('example.com')", "reach any network"),
    "raw sockets": (
        "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
        "change its user, its rights or this machine",
    ),
}
"""Code, and what its learner reads."""
