"""Advice for each error of this package, for users who call its functions at the REPL.

Loaded when an error or a step of the doctor is shown. The words are those of the functions'
arguments, such as `apn=`; the firmware's log puts the fields of the config in their place. The
host tools have a table of their own.
"""

# A line for each reason; a reason with a comma has the advice of the next line.
ADVICE = """
silent: check the modem's power, its power key, TX and RX
garbage: check baud rate, wiring and ground of the UART
echo-only: are TX and RX shorted? If not, cycle the modem's power
uart-stuck: the UART waits for flow control: switch it off, or check its wiring
no-answer,
bytes-lost,
answer-missing,
answer-damaged,
network-full: try again
restarted,
not-set-up,
connection-lost: call modem.power_up(), or modem.connect(apn), once more
command-too-long: give shorter values
command-refused: modem.at.command(b'+CEER') may say more
apdu-refused: try modem.sim('cgla'), or update the modem's firmware
no-csim: the SIM cannot sign behind this modem: update its firmware, or take another one
no-ccho: take modem.sim('csim')
sim-absent,
sim-unreadable: is the SIM in its slot, the right way round? Insert it before the modem is powered
sim-locked: unlock the SIM in a telephone, or ask its operator
pin-wanted: give the SIM's PIN: pin=
pin-malformed: check pin=
pin-refused: correct pin=: the third wrong one locks the SIM
pin-refused-before: make a new modem object, and give the right PIN: pin=
pin-kept: enter the right PIN in a telephone, then make a new modem object
puk-wanted: the PIN was wrong three times: enter the PUK in a telephone
not-searching: check the antenna, bands=, mode= and apn=
registration-denied: is the SIM active? Ask its operator for apn=
no-network: is there coverage here? Check the antenna and bands=
user-missing: give the user, too: user=
no-data-context: check apn=, with some operators also user= and password=
clock-unset: try again in a minute
data-dropped,
connect-no-data: call modem.attach(apn), or modem.connect(apn), once more
name-unknown: check host=
name-unanswered: try again, or give an IP address: host=
no-resolver: give the name to connect(): the modem resolves it there
text-not-allowed: check apn=, user=, password= and host=
connect-refused: does anything listen there? Check port=
connect-unreachable: check host= and port=
connect-silent: is the server up? Check host= and port=
connect-no-memory: is the data quota of the SIM used up? Are other connections open?
connect-failed: check host=, port= and apn=
connections-used: close one of them
closed-by-peer,
closed-with-cause,
receive-broken,
send-broken,
send-uncertain: close the connection and open another one
already-connected: take another one: modem.socket()
not-connected: call connect((host, port)) first
no-data-in-time: wait longer: settimeout(seconds)
network-mode-unsupported: leave mode= and bands= out with this modem
network-mode-unknown: check mode=
bands-invalid: check bands=
edrx-too-long: give a shorter cycle
psm-too-long: give a shorter time
option-unknown: take one of those that are listed
option-values: give as many numbers as it takes
receiver-shared: close the connections first
"""
