"""What the numbers of a refusal mean, and what to do about each; loaded when one is shown.

States of registration and +CME ERROR numbers as in 3GPP TS 27.007 (7.22, 9.2), with those of the
vendors; reject causes of the network as in 3GPP TS 24.301 (9.9.3.9, 9.9.4.4), which are +CME ERROR
numbers from 100 on, too. A table is one text, which takes a third of the flash of tuples: behind
each number a letter of `_REMEDIES`.
"""

# Letter -> the reason of `reasons.py` whose advice helps here, too; "-": none does.
_REMEDIES = {
    "A": "no-data-context",
    "C": "no-network",
    "H": "sim-absent",
    "K": "puk-wanted",
    "L": "sim-locked",
    "N": "not-searching",
    "P": "pin-wanted",
    "R": "restarted",
    "S": "registration-denied",
    "T": "no-answer",
    "U": "sim-unreadable",
    "W": "pin-refused",
}

# +CEREG <stat>; 80 is Sequans' own.
STATES = """
0N not searching
1- home
2C searching
3S denied
4C unknown: no coverage
5- roaming
6S SMS only, home
7S SMS only, roaming
8S emergency calls only
9- home, CSFB not preferred
10- roaming, CSFB not preferred
11S restricted services only (RLOS)
80C out of reach for the moment
"""

# +CME ERROR below 100 and above 256; what is missing between them is a reject cause.
_CME = """
0T phone failure
1T no connection to phone
2T phone-adaptor link reserved
3- operation not allowed
4- operation not supported
5L PH-SIM PIN required
6L PH-FSIM PIN required
7L PH-FSIM PUK required
10H SIM not inserted
11P SIM PIN required
12K SIM PUK required
13U SIM failure
14T SIM busy
15U SIM wrong
16W incorrect password
17L SIM PIN2 required
18L SIM PUK2 required
20- memory full
21- invalid index
22- not found
23T memory failure
24- text string too long
25- invalid characters in text string
26- dial string too long
27- invalid characters in dial string
30C no network service
31T network timeout
32S network not allowed - emergency calls only
40L network personalization PIN required
41L network personalization PUK required
42L network subset personalization PIN required
43L network subset personalization PUK required
44L service provider personalization PIN required
45L service provider personalization PUK required
46L corporate personalization PIN required
47L corporate personalization PUK required
48- hidden key required
49- EAP method not supported
50- incorrect parameters
51- command implemented but currently disabled
52T command aborted by user
53R not attached: functionality restrictions
54S modem not allowed: emergency calls only
55R operation not allowed: functionality restrictions
56- fixed dial number only
57T temporarily out of service
58- language not supported
59- unexpected data value
60T system failure
61- data missing
62S call barred
63- message waiting indication failure
99T resource limitation
100- unknown
148T unspecified GPRS error
149A PDP authentication failure
150- invalid mobile class
160A DNS failed
161T socket open failed
257T network rejected request
258T retry operation
259- invalid deflected to number
260- deflected to own number
261S unknown subscriber
262S service not available
263- unknown class specified
264T unknown network message
273- minimum TFT per PDP address error
274- duplicate TFT evaluation index
275- invalid TFT combination
276- TFT not allowed
277- invalid number of parameters
603- syntax error
605T data transfer already active
614- AT not allowed
753- missing command parameter
765- invalid input value
766- unsupported mode
767T operation failed
768- multiplexer already running
769T unable to get control
770S SIM network reject
772R SIM powered down
773- SIM file not present
797R the radio is off (CFUN 0 or 4)
"""

# EMM causes below 26, and some above; the others are ESM causes.
_REJECTS = """
2S IMSI unknown in HSS
3S illegal UE
5S IMEI not accepted
6S illegal ME
7S EPS services not allowed
8S EPS and non-EPS services not allowed
9T identity cannot be derived
10T implicitly detached
11S PLMN not allowed
12S tracking area not allowed
13S roaming not allowed in this tracking area
14S EPS services not allowed in this PLMN
15C no suitable cells in tracking area
16T MSC temporarily not reachable
17T network failure
18S CS domain not available
19A ESM failure
20U MAC failure
21T synch failure
22T congestion
23- security capabilities mismatch
24T security mode rejected
25S not authorized for this CSG
26T insufficient resources
27A missing or unknown APN
28A unknown PDN type
29A user authentication failed
30A rejected by gateway
31T rejected, unspecified
32S service option not supported
33S service option not subscribed
34T service option temporarily out of order
35S service option not authorized
36T regular deactivation
37- EPS QoS not accepted
38T network failure
39T reactivation requested
40S service not available
41- semantic error in the TFT
42T severe network failure
43- invalid bearer identity
44- semantic errors in packet filters
45- syntactical errors in packet filters
46- bearer without TFT already activated
47- PTI mismatch
49- last PDN disconnection not allowed
50A PDN type IPv4 only allowed
51A PDN type IPv6 only allowed
52A single address bearers only allowed
53- ESM information not received
54T PDN connection does not exist
55A multiple PDN connections not allowed
56- collision with network request
57A PDN type IPv4v6 only allowed
58A PDN type non-IP only allowed
59- unsupported QCI
60- bearer handling not supported
61A PDN type Ethernet only allowed
65T maximum number of bearers reached
66A APN not supported in this network
71T last PDN disconnection not allowed
77S operator determined barring
78T maximum number of contexts reached
79A APN not supported in this network
80- BCM violation
81- invalid PTI
82T user data via control plane congested
95- semantically incorrect message
96- invalid mandatory information
97- message type unknown
98- message not compatible with state
99- information element unknown
100- conditional IE error
101- message not compatible with state
111- protocol error, unspecified
112A APN restriction value incompatible
113T multiple accesses not allowed
"""


def _row(table, code):
    """(letter, text) of `code`; None if it is not there, or None."""
    if code is None:
        return None
    start = table.find("\n%d" % code)
    while start >= 0:
        row = table[start + 1 : table.find("\n", start + 1)]
        head, _, text = row.partition(" ")
        if head[:-1] == str(code):
            return head[-1], text
        start = table.find("\n%d" % code, start + 1)
    return None


def state(code):
    """(letter, text) of a <stat>; None if unknown."""
    return _row(STATES, code)


def reject(code):
    """(letter, text) of a cause of EMM or ESM."""
    return _row(_REJECTS, code)


def cme(code):
    """(letter, text) of a +CME ERROR number."""
    return _row(_CME, code) or (_row(_REJECTS, code - 100) if 102 < code < 214 else None)


def code_of(words):
    """The +CME ERROR number of `words`, which a modem gave in its place; -1 if unknown. Modems
    give the text of 27.007, or its beginning."""
    words = words.strip().lower()
    for row in _CME.split("\n"):
        head, _, text = row.partition(" ")
        if words and text.lower().startswith(words):
            return int(head[:-1])
    return -1


def remedy(error):
    """The reason under which a table has the advice for `error`, a CellularError."""
    found = None
    value = error.values[-1] if error.values else None
    if error.reason == "command-refused":
        found = cme(getattr(error, "code", -1))
    elif error.reason == "no-network":
        found = state(value)
    elif error.reason == "registration-denied":
        found = reject(value)
    return _REMEDIES.get(found[0], error.reason) if found else error.reason
