"""What to do about an error of this package, for whoever calls its functions at the REPL.

Loaded when somebody asks. The words are those of the functions' arguments. The firmware's log and
the host tools have tables of their own, in the words of config fields and of options.
"""

from micropython import const

_AGAIN = const("try again")
_LINE = const("check baud rate, wiring and ground of the UART")
_CLOSE = const("close the connection and open another one")
_POWER_UP = const("call modem.power_up(), or modem.connect(apn), once more")
_SERVER = const("check host= and port=")

# (reason, advice); "": there is nothing to do.
ADVICE = (
    # The line to the modem
    ("silent", "check the modem's power, its power key, TX and RX"),
    ("garbage", _LINE),
    ("echo-only", "are TX and RX shorted? If not, cycle the modem's power"),
    ("uart-stuck", "switch the UART's flow control off"),
    ("no-answer", _AGAIN),
    ("bytes-lost", _AGAIN),
    ("restarted", _POWER_UP),
    ("not-set-up", _POWER_UP),
    ("command-too-long", "give shorter values"),
    ("command-refused", "modem.at.command(b'+CEER') may say more"),
    ("answer-missing", _AGAIN),
    ("answer-damaged", _AGAIN),
    # The SIM
    ("apdu-refused", "try modem.sim('cgla'), or update the modem's firmware"),
    ("no-csim", "the SIM cannot sign behind this modem: update its firmware, or take another one"),
    ("no-ccho", "take modem.sim('csim')"),
    ("sim-absent", "put the SIM into its slot before the modem is powered"),
    ("sim-unreadable", "is the SIM seated well? Take it out and put it back, without power"),
    ("sim-locked", "unlock the SIM in a telephone, or ask its operator"),
    ("pin-wanted", "give the SIM's PIN: pin='1234'"),
    ("pin-malformed", "give 4 to 8 digits: pin='1234'"),
    ("pin-refused", "give the right PIN: pin=; the third wrong one locks the SIM"),
    ("pin-refused-before", "make a new modem object, and give the right PIN: pin="),
    ("pin-kept", "enter the right PIN in a telephone, then make a new modem object"),
    ("puk-wanted", "the PIN was wrong three times: enter the PUK in a telephone"),
    # The network
    ("not-searching", "check the antenna, the bands, and apn="),
    ("registration-denied", "is the SIM active? Ask its operator for apn="),
    ("no-network", "is there coverage here? Check the antenna, and wait longer: timeout="),
    ("user-missing", "give the user, too: user="),
    ("no-data-context", "check apn=, with some operators also user= and password="),
    ("clock-unset", "try again in a minute"),
    ("data-dropped", "call modem.attach(apn), or modem.connect(apn), once more"),
    ("name-unknown", "check host="),
    ("name-unanswered", "try again, or give an IP address: host="),
    ("no-resolver", "give the name to connect(): the modem resolves it there"),
    ("text-not-allowed", "give at most 64 printable ASCII characters, without quotes"),
    # Connections
    ("connect-refused", "does anything listen there? Check port="),
    ("connect-unreachable", _SERVER),
    ("connect-silent", "the server, or the way to it, is down: try again, or check host="),
    ("connect-no-data", "call modem.attach(apn), or modem.connect(apn), once more"),
    ("connect-no-memory", "close other connections; is the data quota of the SIM used up?"),
    ("connect-failed", _SERVER),
    ("connections-used", "close one of them"),
    ("closed-by-peer", _CLOSE),
    ("closed-with-cause", _CLOSE),
    ("connection-lost", _POWER_UP),
    ("network-full", _AGAIN),
    ("receive-broken", _CLOSE),
    ("send-broken", _CLOSE),
    ("send-uncertain", _CLOSE),
    ("already-connected", "take another one: modem.socket()"),
    ("not-connected", "call connect((host, port)) first"),
    ("no-data-in-time", "wait longer: settimeout(seconds)"),
    # Extras
    ("network-mode-unsupported", "leave mode= and bands= as they are with this modem"),
    ("network-mode-unknown", "give mode= as 'lte-m', 'nb-iot' or 'both'"),
    ("bands-invalid", "give bands= as numbers from 1 to 85"),
    ("edrx-too-long", "give a shorter cycle"),
    ("psm-too-long", "give a shorter time"),
    ("option-unknown", "take one of those that are listed"),
    ("option-values", "give as many numbers as it takes"),
    ("receiver-shared", "close the connections first"),
)
