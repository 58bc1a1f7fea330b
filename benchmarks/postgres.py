"""PostgreSQL beside the hub: databases on the private server of scripts/with-servers, and pgbench."""

import contextlib
import itertools
import os
import pathlib
import re
import subprocess
import urllib.parse

from processes import ROOT, Broken, Missing, run

URL = "TRADEWIND_TEST_POSTGRES"
COUNT = itertools.count(1)

# Rooms of neighbours; a sequence that gives ids and numbers no two messages share.
PREPARE = """
CREATE SEQUENCE bench;
INSERT INTO rooms (id, low, high)
    SELECT n, low, high
    FROM (SELECT row_number() OVER (ORDER BY id) AS n, id AS low, lead(id) OVER (ORDER BY id) AS high
          FROM users) AS neighbours
    WHERE n <= {rooms};
"""
# What the hub writes for a message, in one statement and so in one transaction and one round trip.
MESSAGE = """
\\set room :client_id % {rooms} + 1
INSERT INTO messages (id, room_id, seq, sent_rev, rev, author_id, created_at, deleted, content)
    SELECT n, id, n, n, n, low, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, false,
        repeat('.', {size})
    FROM rooms, nextval('bench') AS n WHERE id = :room;
"""


def tool(name):
    """A program of the server's own version."""
    found = subprocess.run(
        [ROOT / "scripts" / "postgres-bin"], capture_output=True, text=True, check=False
    )
    path = pathlib.Path(found.stdout.strip()) / name
    if found.returncode != 0 or not path.is_file():
        raise Missing(f"PostgreSQL's {name} is not installed")
    return path


@contextlib.contextmanager
def database():
    """The URL of a new database."""
    if URL not in os.environ:
        raise Missing("there is no PostgreSQL to start here")
    server = os.environ[URL]
    name = f"bench_{next(COUNT)}"
    psql = [tool("psql"), "--no-psqlrc", "--quiet", server, "--command"]
    run([*psql, f"CREATE DATABASE {name}"])
    try:
        yield urllib.parse.urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        run([*psql, f"DROP DATABASE {name} WITH (FORCE)"])


def pgbench(url, folder, seconds, rooms, clients, size=100):
    """Messages a second, and how long one took in microseconds, at one transaction each."""
    run([tool("psql"), "--no-psqlrc", "--quiet", url, "--command", PREPARE.format(rooms=rooms)])
    script = folder / "message.sql"
    script.write_text(MESSAGE.format(rooms=rooms, size=size))
    how = ["--no-vacuum", "--protocol", "prepared", "--jobs", "2", "--client", clients]
    said = run([tool("pgbench"), *how, "--time", max(1, round(seconds)), "--file", script, url])
    rate = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    mean = re.search(r"^latency average = ([\d.]+) ms", said, re.MULTILINE)
    if rate is None or mean is None:
        raise Broken(f"pgbench measured nothing: {said.strip()}")
    return {"rate": float(rate[1]), "mean": float(mean[1]) * 1e3}
