# What mailctl talks to, made up: fake.py control|smtp SOCKET LOG [KEY=VALUE].
# It goes into the background when it listens, and ends after 60 seconds or
# with the test.  LOG gets what was said, one line each.
#
# control: KEY is a verb; VALUE a JSON array of rows, the last one an object
#	with "ok" and "text" of the end; verb=close breaks off.
# smtp: KEY is greeting, EHLO, MAIL, DATA, end or an address; VALUE the reply,
#	with \n between lines; close closes instead.  LOG.msg gets the message.

import json
import os
import signal
import socket
import sys

mode, path, log = sys.argv[1:4]
said = dict(a.split("=", 1) for a in sys.argv[4:])


def note(text):
    with open(log, "a", encoding="utf-8", newline="") as f:
        f.write(text + "\n")


def control(conn):
    stream = conn.makefile("rwb")
    for line in stream:
        request = json.loads(line)
        note(json.dumps(request, sort_keys=True))
        answer = said.get(request["verb"], '[{"ok": true, "text": ""}]')
        if answer == "close":
            return
        rows = json.loads(answer)
        for row in rows[:-1]:
            stream.write(json.dumps(row).encode() + b"\n")
        rows[-1]["end"] = True
        stream.write(json.dumps(rows[-1]).encode() + b"\n")
        stream.flush()


class Close(Exception):
    pass


def smtp(conn):
    stream = conn.makefile("rwb")

    def reply(key, default):
        text = said.get(key, default)
        if text == "close":
            raise Close
        lines = text.split("\\n")
        for i, t in enumerate(lines):
            if i + 1 < len(lines):
                t = t[:3] + "-" + t[4:]
            stream.write(t.encode() + b"\r\n")
        stream.flush()
        return text[0] in "23"

    reply("greeting", "220 fake")
    for raw in stream:
        line = raw.decode("utf-8", "replace")
        if not line.endswith("\r\n"):
            note("BAD LINE END")
        line = line.rstrip("\r\n")
        note(line)
        verb = line.split(" ")[0].upper()
        if verb == "EHLO":
            reply("EHLO", "250 fake\\n250 PIPELINING\\n250 SIZE\\n250 DSN\\n"
                  "250 8BITMIME\\n250 SMTPUTF8")
        elif verb == "RCPT":
            address = line[line.index("<") + 1:line.index(">")]
            reply(address, "250 2.1.5 ok")
        elif verb == "DATA":
            if not reply("DATA", "354 go"):
                continue
            message = []
            while not message or message[-1] != b".\r\n":
                message.append(stream.readline())
                if not message[-1]:
                    note("NO END")
                    return
            with open(log + ".msg", "wb") as f:
                f.write(b"".join(message))
            reply("end", "250 2.0.0 taken")
        elif verb == "QUIT":
            reply("QUIT", "221 bye")
            return
        else:
            reply(verb, "250 2.0.0 ok")


listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen(16)
open(log, "w").close()
if os.fork() > 0:
    os._exit(0)
# The test waits for who holds its output.
null = os.open("/dev/null", os.O_RDWR)
for fd in 0, 1, 2:
    os.dup2(null, fd)
signal.alarm(60)
while True:
    conn, _ = listener.accept()
    try:
        control(conn) if mode == "control" else smtp(conn)
    except (Close, ConnectionError):
        pass
    conn.close()
