"""Collects real messages of real tools: each scenario is run with several parameters, and what it says is kept.

A scenario is one way to fail. It is what the fingerprint is to recognise: the same scenario with other parameters has
the same fingerprint, another scenario has another one. The scenarios stand in `scenarios.txt`, one a line:

    tool/name <TAB> a line of bash that fails

The line may use $W (a word), $F (a file), $N (a number), $H (a host), $M (a module's name), $U (an id) and $D (a folder).
Servers of PostgreSQL and Redis and a small web server are started on the loopback interface alone, and ended afterwards.

Run it as: python3 collect.py > messages.jsonl; python3 collect.py unseen.txt > unseen.jsonl
Needs: git, curl, psql and a PostgreSQL server, redis, npm, node, python3, cargo, rustc, gcc, make, sqlite3, jq, perl, java,
openssl, ssh, tar and the other small tools of a Debian. A scenario whose tool is missing is left out, with a word on stderr.
"""

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 4000
PG_PORT, REDIS_PORT = "54399", "63999"

BUILT_IN = ("cd", "unzip-like", "xxd-like")

PARAMETERS = [
    dict(W="alpha", F="notes.txt", N="7", H="db1.invalid", M="requestz", U="5f2b9c1e-8a4d-4f0e-9b1a-2c3d4e5f6071", D="build"),
    dict(W="report-2024", F="data/input.csv", N="4096", H="cache.internal.invalid", M="numpyy", U="00c0ffee-1234-4abc-8def-0123456789ab", D="target/debug"),
    dict(W="user_accounts", F="src/parser/lexer.c", N="31", H="api.example.invalid", M="my_package", U="d41d8cd9-8f00-4204-a980-0998ecf8427e", D="node_modules/left"),
    dict(W="x", F="a", N="65535", H="h1.invalid", M="q", U="6ba7b810-9dad-41d1-80b4-00c04fd430c8", D="d"),
    dict(W="feature/login-form", F="very/deep/folder/with/many/parts/main.rs", N="100000", H="eu-west-1.compute.invalid", M="tensorflowx", U="f47ac10b-58cc-4372-a567-0e02b2c3d479", D="a/b/c/d"),
    dict(W="Quarterly", F="IMG_2041.jpeg", N="12", H="mail.invalid", M="scikit_lern", U="9b2e7a34-77aa-4c2f-8a86-5f0d3b8c1e22", D="out"),
    dict(W="v2.1.0-rc3", F="config.yaml", N="999", H="www.shop.invalid", M="flask2", U="3d813cbb-47fb-42ba-91df-831e1593ac29", D="dist/assets"),
    dict(W="deadbeefcafe", F="log.2026-11-02.gz", N="8080", H="10-0-0-17.invalid", M="yamll", U="e4eaaaf2-d142-41b3-b3cd-5d1d2f3a4b5c", D="Documents"),
]


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers each request with the status that its path asks for."""

    def do_GET(self):
        found = re.search(r"/status/(\d+)", self.path)
        self.send_response(int(found.group(1)) if found else 404)
        body = b'{"error":"not found"}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_PUT = do_POST = do_HEAD = do_GET

    def log_message(self, *words):
        pass


def servers(folder):
    """Starts the servers and returns how to end each."""
    ends = []
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    redis = subprocess.Popen(["redis-server", "--port", REDIS_PORT, "--save", "", "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL)
    ends.append(redis.terminate)
    binaries = sorted(
        os.path.join("/usr/lib/postgresql", version, "bin") for version in os.listdir("/usr/lib/postgresql")
    )[-1]
    data = os.path.join(folder, "pg")
    os.mkdir(data)
    shutil.chown(data, "postgres")
    as_postgres = lambda line: subprocess.run(["su", "postgres", "-c", line], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    as_postgres(f"{binaries}/initdb -D {data} -A trust")
    as_postgres(f"{binaries}/pg_ctl -D {data} -w -o '-p {PG_PORT} -k {data}' start")
    ends.append(lambda: as_postgres(f"{binaries}/pg_ctl -D {data} -m immediate stop"))
    time.sleep(0.5)
    return web.server_address[1], ends


def prepared(folder):
    """Makes the folder that the tools work in: a repository, a crate, a small database, some files."""
    lines = """
git init -q repo && cd repo && git config user.name User && git config user.email user@example.com
echo one > kept && git add kept && git commit -qm first && git branch other && git tag taken
git checkout -q other && echo two > kept && git commit -qam second && git checkout -q master 2>/dev/null || git checkout -q main
echo three > kept && git commit -qam third && cd ..
mkdir -p crate/src && printf '[package]\\nname = "demo"\\nversion = "0.1.0"\\nedition = "2021"\\n' > crate/Cargo.toml
echo 'fn main() {}' > crate/src/main.rs
sqlite3 small.db 'create table t(id integer primary key, name text not null unique); insert into t values(1, "a")'
echo '{"a": 1, "list": [1, 2]}' > good.json; printf 'one\\ntwo\\n' > plain; mkdir -p full/inner; echo x > full/inner/x
"""
    subprocess.run(["bash", "-c", lines], cwd=folder, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def said(line, parameters, folder, variables):
    """Runs a scenario and returns what it said on stderr, or on stdout when that is empty."""
    environment = dict(os.environ, **variables, **parameters, LC_ALL="C.UTF-8", NO_COLOR="1", CARGO_NET_OFFLINE="true", GIT_TERMINAL_PROMPT="0")
    for name in ("RUSTUP_TOOLCHAIN", "RUST_BACKTRACE", "CARGO_TARGET_DIR"):
        environment.pop(name, None)
    try:
        ran = subprocess.run(["bash", "-c", line], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return None
    text = (ran.stderr.strip() or ran.stdout.strip()).decode("utf-8", "replace")
    return text if ran.returncode != 0 or text else None


def anonymous(text, folder):
    """Takes out what would tell the machine: folders, homes, the user's name."""
    text = text.replace(f"{folder}/pg/.s.PGSQL.{PG_PORT}", "/run/postgresql/.s.PGSQL.5432")
    text = text.replace(folder, "/srv/project").replace(os.path.expanduser("~"), "/srv")
    text = re.sub(rf"(?<![\w/]){re.escape(os.uname().nodename)}(?![\w/])", "workstation", text)
    text = re.sub(r"/tmp/[A-Za-z0-9_.-]+", "/tmp/scratch", text)
    return re.sub(r"(?<![\w/])/root\b", "/srv", text)[:LIMIT]


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "scenarios.txt"
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        scenarios = [line.rstrip("\n").split("\t") for line in file if "\t" in line and not line.startswith("#")]
    folder = tempfile.mkdtemp(prefix="corpus")
    os.chmod(folder, 0o755)
    port, ends = servers(folder)
    variables = dict(
        WEB=f"http://127.0.0.1:{port}",
        PGHOST=os.path.join(folder, "pg"), PGPORT=PG_PORT, PGUSER="postgres", PGDATABASE="postgres",
        REDIS=f"redis-cli -p {REDIS_PORT}",
    )
    prepared(folder)
    try:
        for name, line in scenarios:
            seen = set()
            tool = {"git": "git", "redis": "redis-cli", "python": "python3", "sqlite": "sqlite3"}.get(name.split("/")[0], name.split("/")[0])
            if tool not in BUILT_IN and not shutil.which(tool):
                print(f"{name} left out: there is no {tool}", file=sys.stderr)
                continue
            for parameters in PARAMETERS:
                text = said(line, parameters, folder, variables)
                text = text and anonymous(text, folder)
                if text and text not in seen:
                    seen.add(text)
                    print(json.dumps({"scenario": name, "message": text}, ensure_ascii=False))
            if not seen:
                print(f"{name} said nothing", file=sys.stderr)
    finally:
        for end in ends:
            end()
        shutil.rmtree(folder, ignore_errors=True)


main()
