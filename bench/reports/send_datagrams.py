"""The load generator: sends datagrams to a UNIX socket, as fast as they are taken.

Answers each line of JSON on standard input with one on standard output:
{"socket": path, "datagrams": file with one a line, "way": "wait" | "as-postfix", "seconds": n, "count": n}

"wait": over one socket; a full queue is waited for, so that nothing is lost. For so many seconds.
"as-postfix": a socket for each, never waiting: a full queue loses. So many, at once.
"""

import itertools
import json
import socket
import sys
import time


def wait(path, datagrams, seconds):
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect(path)
    send = sender.send
    pieces = [datagrams[at : at + 64] for at in range(0, len(datagrams), 64)]
    sent = 0
    end = time.perf_counter() + seconds
    for piece in itertools.cycle(pieces):
        for datagram in piece:
            send(datagram)
        sent += len(piece)
        if time.perf_counter() >= end:
            break
    sender.close()
    return sent, 0


def as_postfix(path, datagrams, count):
    sent = lost = 0
    while sent + lost < count:
        for datagram in datagrams:
            sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                sender.sendto(datagram, socket.MSG_DONTWAIT, path)
                sent += 1
            except BlockingIOError:
                lost += 1
            sender.close()
            if sent + lost == count:
                break
    return sent, lost


def carry_out(order):
    with open(order["datagrams"], "rb") as file:
        datagrams = file.read().splitlines()
    started_at = time.time() * 1000
    start = time.perf_counter()
    if order["way"] == "wait":
        sent, lost = wait(order["socket"], datagrams, order["seconds"])
    else:
        sent, lost = as_postfix(order["socket"], datagrams, order["count"])
    seconds = time.perf_counter() - start
    return {"sent": sent, "lost": lost, "seconds": seconds, "startedAt": started_at}


for line in sys.stdin:
    print(json.dumps(carry_out(json.loads(line))), flush=True)
