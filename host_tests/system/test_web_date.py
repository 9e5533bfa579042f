"""A board with a cold clock in a network without time: the Date of a web server, by TLS.

The firmware runs on a clock of its own, which it can set: see clock_of_a_file.h.
"""

import datetime
import ssl
import threading
import time
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from iotsafe_tools.testbed.preload import compiled, loaded

HERE = Path(__file__).parent
COLD = 1609459200  # 2021-01-01, as the Pico starts

PROGRAM = """
import time
import board
import iotsafe

def set_clock(utc):
    with open("clock") as file:
        shift = int(file.read())
    seconds = time.mktime(utc + (0, 0)) - int(time.time())
    print("set", *utc)
    with open("clock", "w") as file:
        file.write(str(shift + seconds))

ask = iotsafe.web_date.ask
iotsafe.web_date.ask = lambda *args: ask(*args, {port})
board.set_clock = set_clock
import app
app.run(1)
"""


@pytest.fixture
def web_server():
    """Starts a web server with an issued certificate, which tells `now`; returns its port."""
    servers = []

    def start(issued, now):
        class Answer(BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_error(404)  # with a Date, as every answer

            def date_time_string(self, timestamp=None):
                return format_datetime(now, usegmt=True)

            def log_message(self, *args):
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(issued.path, issued.key_path)
        server = HTTPServer(("127.0.0.1", 0), Answer)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        servers.append((server, thread))
        return server.server_address[1]

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def clock_of_a_file(folder):
    """Return the environment of a process whose calendar begins at COLD."""
    header = ("-include", str(HERE / "clock_of_a_file.h"))
    source = HERE.parent / "conditions" / "other_day.c"
    library = compiled(source, folder, "-D_GNU_SOURCE=", *header, "-DSHIFT=shift()")
    return {**loaded(library), "TZ": "UTC"}


def board(rig, port):
    """Return the firmware on a board with a cold clock, and its folder."""
    rig.lab.call(rig.lab.modem.faults.add, "cme", prefix="+CNTP")
    firmware = rig.firmware(
        command=("-c", PROGRAM.format(port=port)), env=clock_of_a_file(rig.folder)
    )
    (firmware.folder / "clock").write_text(str(COLD - int(time.time())))
    return firmware


def test_the_first_session_of_a_cold_board(make_rig, web_server):
    rig = make_rig(lab={"quirks": {"no_nitz"}})
    issued = rig.pki.issue_server()
    first = issued.certificate.not_valid_before_utc
    now = first + datetime.timedelta(hours=12)
    with board(rig, web_server(issued, now)) as firmware:
        assert firmware.wait() == 0, firmware.lines
    # The clock: to the firmware's date, to the chain's first day, back, and right.
    clocks = [tuple(map(int, line.split()[1:])) for line in firmware.lines if line[:4] == "set "]
    built, tried, before, right = clocks
    assert built[3:] == (0, 0, 0) and before[:3] == (2021, 1, 1) and built < tried
    assert (tried, right) == (first.timetuple()[:6], now.timetuple()[:6])
    kept = rig.broker.server.certificate.not_valid_before_utc
    assert (firmware.folder / "date").read_text() == f"{kept:%Y-%m-%d %H:%M:%S}"
