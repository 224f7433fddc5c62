"""Reads mail files with reports: with parsedmarc where it is installed, else with Python alone.

Answers each line of JSON on standard input, {"folder": ..., "warmUp": n}, with one on standard output.
parsedmarc only parses; what it found is not stored anywhere. Python alone parses and stores.
"""

import base64
import email
import gzip
import json
import os
import resource
import sqlite3
import sys
import tempfile
import time

try:
    from parsedmarc import ParserConfig, parse_report_email

    NAME = "parsedmarc"
except ImportError:
    NAME = "python3 alone"


def with_parsedmarc():
    config = ParserConfig(offline=True, always_use_local_files=True)

    def read(octets):
        parsed = parse_report_email(octets, config=config)
        if parsed["report_type"] != "smtp_tls":
            raise ValueError("not a TLS report")

    return read, lambda: None


def alone(folder):
    store = sqlite3.connect(os.path.join(folder, "alone.db"))
    store.execute("create table report (id text primary key, sender text, json text)")

    def read(octets):
        for part in email.message_from_bytes(octets).walk():
            if part.get_content_type() == "application/tlsrpt+gzip":
                text = gzip.decompress(base64.b64decode(part.get_payload()))
                report = json.loads(text)
                row = (report["report-id"], report["organization-name"], text)
                store.execute("insert or replace into report values (?, ?, ?)", row)
                return
        raise ValueError("no report")

    return read, store.commit


def carry_out(order):
    names = sorted(name for name in os.listdir(order["folder"]) if name.endswith(".eml"))
    paths = [os.path.join(order["folder"], name) for name in names]
    with tempfile.TemporaryDirectory() as folder:
        read, finish = with_parsedmarc() if NAME == "parsedmarc" else alone(folder)
        start = 0.0
        for number, path in enumerate(paths):
            if number == order["warmUp"]:
                start = time.perf_counter()
            with open(path, "rb") as file:
                read(file.read())
        finish()
        seconds = time.perf_counter() - start
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"name": NAME, "reports": len(paths) - order["warmUp"], "seconds": seconds, "rss": rss}


for line in sys.stdin:
    print(json.dumps(carry_out(json.loads(line))), flush=True)
