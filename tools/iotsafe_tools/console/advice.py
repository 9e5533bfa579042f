"""Advice for the errors of the client, in the words of the command line: one row a reason."""

from __future__ import annotations

_AGAIN = "try again"
_POWER = "try again; if it stays so, cycle the modem's power"
_DOCTOR = "`iotsafe objects` lists the SIM's objects, `iotsafe doctor` finds the problem"
_ISSUE = "have a key pair generated in the SIM, and a certificate issued for it (enrolment)"
_WRITE = (
    "the SIM is not enrolled yet, or was revoked: have a certificate issued for the key that "
    "`iotsafe csr` requests, and written into the SIM (enrolment); on a lab's SIM "
    "`iotsafe issuer write file 02 FILE` writes it"
)
_PIN = "correct --pin or IOTSAFE_SIM_PIN; the third wrong one locks the SIM"
_SERVER = "check host and port"
_BUG = "this is a bug in the tool: please report this line"
_REGISTER = "is the certificate registered there, from the right CA, and not revoked?"

ADVICE: dict[str, str] = {
    # iotsafe: the card and what is on it
    "refused": _DOCTOR,
    "card-busy": "remote administration is under way: wait a minute, then try again",
    "card-damaged": "the SIM must be replaced",
    "not-understood": "try again; if it stays so, the SIM's applet is at fault",
    "no-applet": "ask the operator for a SIM with IoT SAFE, or name its AID with --aid",
    "no-key": _ISSUE,
    "keys-empty": _ISSUE,
    "no-certificate": _WRITE,
    "certificate-empty": _WRITE,
    "certificate-damaged": "have the certificate written into the SIM again",
    "certificate-refused": "have the certificate issued again",
    "chain-unusable": "have the issuers' certificates written into the SIM again",
    "name-unusable": "give another one with --client-id",
    "key-mismatch": "have the certificate issued again, for the key that is in the SIM",
    # iotsafe: TLS, which only firmware speaks
    "no-engine": "run this on a board, or on boards/unix: CPython cannot let the SIM sign",
    "ca-unusable": "give a file with the CA certificates, PEM or DER: --ca",
    "server-not-trusted": "is it the right server? Give the CA that issued its certificate: --ca",
    "server-name": "is it the right server? Check the host",
    "server-no-names": "have its certificate issued with the host as subjectAltName: DNS or IP",
    "server-constrained": "have its certificate issued by a CA whose name constraints allow it",
    "server-expired": "is the clock right? If it is, the server needs a new certificate",
    "server-early": "is the clock right?",
    "server-certificate": "is it the right server, and the right --ca?",
    "ca-expired": "give the successor of the CA: --ca",
    "server-purpose": "have one issued for servers (extendedKeyUsage serverAuth)",
    "server-unreadable": "they need P-256, P-384 or RSA, and SHA-2: have others issued",
    "server-forged": "is it the right server? Something between may pretend to be it",
    "server-not-tls": "is this a port for TLS?",
    "server-chain-long": "have the server send fewer certificates, without the root",
    "chain-too-long": "have a shorter chain written into the SIM, without the root",
    "client-unsuited": "the server must take ECDSA with P-256 from its clients",
    "not-asked": "have the server require certificates",
    "tls-garbled": "try again",
    "tls-rekeyed": "try again",
    "tls-memory": _AGAIN,
    "tls-broken": _AGAIN,
    "tls-failed": "try again; if it stays so, please report this line",
    "client-refused": _REGISTER,
    "client-hung-up": "is the certificate registered there? Or did it refuse the first bytes?",
    "server-hung-up": "is this a port for TLS?",
    "handshake-refused": "the server needs TLS 1.2 or 1.3 with ECDHE and AES-GCM",
    # iotsafe: the doctor's steps
    "no-channel": (
        "no APDU reaches the SIM: is it in the slot or reader, is its PIN entered (--pin), does "
        "this modem have AT+CSIM or AT+CCHO?"
    ),
    "channel-refused": "restart the modem: that frees the SIM's logical channels",
    "does-not-sign": "the key is there but does not sign: ask the SIM's issuer",
    "certificate-early": "is the clock right?",
    "certificate-expired": "have a new certificate issued for the key in the SIM",
    "not-random": "do not use this SIM",
    "pair-inconsistent": "the key pair is inconsistent: have it generated again",
    # cellular: the line to the modem
    "silent": "check the modem's power, its power key, TX and RX, and ?baud= of --port",
    "garbage": "check ?baud= of --port, and the wiring",
    "echo-only": "are TX and RX shorted? If not, cycle the modem's power",
    "uart-stuck": "the line waits for flow control: check its wiring",
    "no-answer": _POWER,
    "bytes-lost": _POWER,
    "restarted": "try again in a few seconds",
    "not-set-up": "try again in a few seconds",
    "command-too-long": "give shorter values",
    "command-refused": _POWER,
    "answer-missing": _POWER,
    "answer-damaged": _POWER,
    # cellular: the SIM
    "apdu-refused": "`iotsafe modem info` names the modem's firmware: an update may help",
    "no-csim": "the SIM cannot sign behind this modem: update its firmware, or take another one",
    "no-ccho": "update the modem's firmware, or take another modem",
    "sim-absent": "put the SIM into its slot before the modem is powered",
    "sim-unreadable": "is the SIM seated well? Take it out and put it back, without power",
    "sim-locked": "unlock the SIM in a telephone, or ask its operator",
    "pin-wanted": "give it with --pin or, better, in IOTSAFE_SIM_PIN",
    "pin-malformed": "correct --pin or IOTSAFE_SIM_PIN: 4 to 8 digits",
    "pin-refused": _PIN,
    "pin-refused-before": _PIN,
    "pin-kept": "enter the right PIN in a telephone, and try again",
    "puk-wanted": "the PIN was wrong three times: enter the PUK in a telephone",
    # cellular: the network
    "not-searching": "check antenna, bands and --apn",
    "registration-denied": "is the SIM active? Check --apn with its operator",
    "no-network": "is there coverage here? Check the antenna",
    "user-missing": "give --user, too",
    "no-data-context": "check --apn, with some operators --user and --password, too",
    "clock-unset": "try again in a minute",
    "data-dropped": _AGAIN,
    "name-unknown": "check the host; a lab's modem knows the names of its --resolve, too",
    "name-unanswered": "try again, or give an IP address",
    "no-resolver": "give an IP address",
    "text-not-allowed": "check --apn, --user, --password and the host",
    # cellular: connections
    "connect-refused": "check the port: does anything listen there?",
    "connect-unreachable": f"{_SERVER}; a lab reaches other machines only with --internet",
    "connect-silent": "the server, or the way to it, is down: check host and port",
    "connect-no-data": _AGAIN,
    "connect-no-memory": "is the data quota of the SIM used up?",
    "connect-failed": _SERVER,
    "connections-used": "close other programs that use the modem, or restart it",
    "closed-by-peer": _AGAIN,
    "closed-with-cause": _AGAIN,
    "connection-lost": "try again in a few seconds",
    "network-full": _AGAIN,
    "receive-broken": _AGAIN,
    "send-broken": _AGAIN,
    "send-uncertain": _AGAIN,
    "already-connected": _BUG,
    "not-connected": _BUG,
    "no-data-in-time": _AGAIN,
    # cellular: extras
    "network-mode-unsupported": "this modem's driver cannot do that: use `iotsafe modem at`",
    "network-mode-unknown": "give lte-m, nb-iot or both",
    "bands-invalid": "give numbers from 1 to 85",
    "edrx-too-long": "give a shorter cycle",
    "psm-too-long": "give a shorter time",
    "option-unknown": "choose one of the listed options",
    "option-values": "give the number of values that the option takes",
    "receiver-shared": "close the connections first",
}
"""Reason of an error of `iotsafe` or `cellular`, or of a step of the doctor -> advice."""
