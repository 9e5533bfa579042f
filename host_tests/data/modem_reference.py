"""Quotations of the project's modem reference as data: what a modem prints, and its meaning.

Plain literals, for CPython and MicroPython. The section's number stands above each table. The
tests `unit/test_reference_*.py` let the drivers read each line in a dialogue. The end of this file
lists what is left out, and why.
"""

# -- 1.1 results of a command --------------------------------------------------------------------

# The modem did not execute a command that ends in one of these lines.
FAILURES = (
    b"ERROR",
    b"+CME ERROR: 13",
    b"+CME ERROR: SIM failure",
    b"+CMS ERROR: 313",
    b"+CMS ERROR: SIM failure",
    b"NO CARRIER",
    b"BUSY",
    b"NO ANSWER",
    b"NO DIALTONE",
    b"ABORTED",
    b"SEND FAIL",
)
# Ends of a command with a word of its own: the driver, the command, the end.
OWN_RESULTS = (
    ("bg95", b"SEND OK"),
    ("sim7000", b"0, CLOSE OK"),
    ("sim7000", b"SHUT OK"),
    ("sim7000", b"DATA ACCEPT:0,5"),
)
# Prompts for the payload, and the driver that gets them.
PROMPTS = (
    ("sim7080", b">"),
    ("sim7080", b"> "),
    ("sim7000", b"> "),
    ("bg95", b"> "),
    ("gm02s", b"> "),
    ("sara-r4", b"@"),
)

# -- 1.2 the longest command line, in characters behind AT ---------------------------------------

LONGEST = (("sim7080", 559), ("sim7000", 559))
# The number of bytes of an APDU, and the number of characters that +CSIM gives for it.
LONGEST_APDU = ((260, 532), (261, 534))

# -- 1.4 error numbers ---------------------------------------------------------------------------

# The errors that a driver acts on, with their text under CMEE=2.
ERRORS = (
    (0, b"phone failure"),
    (3, b"operation not allowed"),
    (4, b"operation not supported"),
    (10, b"SIM not inserted"),
    (11, b"SIM PIN required"),
    (12, b"SIM PUK required"),
    (13, b"SIM failure"),
    (14, b"SIM busy"),
    (15, b"SIM wrong"),
    (16, b"incorrect password"),
    (30, b"no network service"),
    (50, b"incorrect parameters"),
)
# All errors with a name; a range is (first, last).
ERROR_NUMBERS = (
    (0, 7), (10, 18), (20, 27), (30, 32), (40, 50), (99, 100), (103, 103), (106, 107), (111, 113),
    (132, 134), (148, 150), (160, 161), (171, 193), (600, 614), (753, 759), (765, 773),
    (791, 797),
)  # fmt: skip
# What AT+CPIN? answers, and its meaning for `unlock`: "ready", "later" (the driver repeats the
# question), "pin" (the SIM needs one), "locked", "absent".
PIN_STATES = (
    (b"+CPIN: READY", "ready"),
    (b"+CPIN: SIM PIN", "pin"),
    (b"+CPIN: SIM PUK", "locked"),
    (b"+CPIN: PH_SIM PIN", "locked"),
    (b"+CPIN: NOT READY", "later"),
    (b"+CME ERROR: 10", "absent"),
    (b"+CME ERROR: 11", "pin"),
    (b"+CME ERROR: 12", "locked"),
    (b"+CME ERROR: 13", "later"),
    (b"+CME ERROR: SIM failure", "later"),
    (b"+CME ERROR: 14", "later"),
    (b"+CME ERROR: SIM busy", "later"),
)

# -- 1.5 answers that all families have ----------------------------------------------------------

# The SIM's number: driver, command, answer, number.
ICCIDS = (
    ("sim7080", b"+CCID", b"8944501234567890123", "8944501234567890123"),
    ("sim7080", b"+CCID", b"894450123456789012cf", "894450123456789012cf"),  # 2.3
    ("bg95", b"+QCCID", b"+QCCID: 89445012345678901234", "89445012345678901234"),
    ("bg95", b"+QCCID", b"+QCCID: 8944501234567890123F", "8944501234567890123"),
    ("gm02s", b"+SQNCCID", b'+SQNCCID: "8944501234567890123",""', "8944501234567890123"),
    ("sara-r4", b"+CCID", b"+CCID: 8944501234567890123", "8944501234567890123"),
    ("sara-r4", b"+CCID", b"+CCID: 8944501234567890123F", "8944501234567890123"),
    ("tx62", b"+CCID", b"+CCID: 8944501234567890123", "8944501234567890123"),
)
IMSI = (b"901405100000001", "901405100000001")
# +CSQ and dBm.
SIGNALS = (
    (b"+CSQ: 0,0", -113),
    (b"+CSQ: 20,99", -73),
    (b"+CSQ: 31,7", -51),
    (b"+CSQ: 99,99", None),
)
# +CESQ and (RSRP in dBm, RSRQ in dB).
QUALITIES = (
    (b"+CESQ: 99,99,255,255,20,50", (-91, -10)),
    (b"+CESQ: 99,99,255,255,0,0", (-141, -20)),
    (b"+CESQ: 99,99,255,255,34,97", (-44, -3)),
    (b"+CESQ: 99,99,255,255,255,255", (None, None)),
)
# The address of context 1, with quotes or without.
ADDRESSES = (
    (b"+CGPADDR: 1,10.94.36.44", "10.94.36.44"),
    (b'+CGPADDR: 1,"10.94.36.44"', "10.94.36.44"),
)
# Local time with its zone in quarters of an hour, and UTC.
CLOCKS = (
    (b'+CCLK: "26/11/24,13:18:09+00"', (2026, 11, 24, 13, 18, 9)),
    (b'+CCLK: "26/11/24,13:18:09+04"', (2026, 11, 24, 12, 18, 9)),
    (b'+CCLK: "26/12/31,23:50:00-20"', (2027, 1, 1, 4, 50, 0)),
    (b'+CCLK: "80/01/06,00:01:02+00"', None),  # 2.6: the network sent no time
)
# The timers of PSM: eight bits and seconds, None: off.
PERIODIC_TIMERS = (
    (b"00000001", 600), (b"00100001", 3_600), (b"01000001", 36_000), (b"01100001", 2),
    (b"10000001", 30), (b"10100001", 60), (b"11000001", 1_152_000), (b"11100000", None),
)  # fmt: skip
ACTIVE_TIMERS = ((b"00000001", 2), (b"00100001", 60), (b"01000001", 360), (b"11100000", None))

# -- 1.6 registration ----------------------------------------------------------------------------

# An answer of AT+CEREG? or a URC, and its registration state.
REGISTRATIONS = (
    (b"+CEREG: 1,0", 0),
    (b"+CEREG: 2,2", 2),
    (b'+CEREG: 2,1,"5B57","0195071B",7', 1),
    (b'+CEREG: 2,5,"5B57","0195071B",9', 5),
    (b"+CEREG: 0,3", 3),
    (b"+CEREG: 1,4", 4),
    (b"+CEREG: 1,8", 8),
    (b"+CEREG: 1,11", 11),  # 11: A7670, emergency calls only
    (b"+CEREG: 1,80", 80),
    (b'+CEREG: 4,1,"5B57","195071B",9,,,"00000000","01100000"', 1),
    (b"+CEREG: 0", 0),
    (b"+CEREG: 2", 2),
    (b"+CEREG: 1", 1),
    (b"+CEREG: 80", 80),
    (b'+CEREG: 1,"5B57","0195071B",7', 1),
    (b'+CEREG: 5,"5B57","0195071B",9', 5),
)
REGISTERED = (1, 5)
# How the driver words the other states.
STATES = (
    (0, "not searching"),
    (2, "searching"),
    (3, "denied"),
    (4, "unknown"),
    (8, "emergency"),
    (80, "out of reach"),
)

# -- 1.7, 1.8 URCs -------------------------------------------------------------------------------

# Driver -> lines and their meaning to connection 0 and its modem: "restart", "drop" (the data
# context is gone), "data", "closed", or "" if they do not matter.
UNASKED = {
    "sim7080": (
        (b"RDY", "restart"),
        (b"+CFUN: 1", ""),
        (b"+CPIN: READY", ""),
        (b"+CPIN: NOT READY", ""),
        (b"SMS Ready", ""),
        (b"NORMAL POWER DOWN", "restart"),
        (b"UNDER-VOLTAGE POWER DOWN", "restart"),
        (b"UNDER-VOLTAGE WARNNING", ""),
        (b"OVER-VOLTAGE POWER DOWN", "restart"),
        (b"OVER-VOLTAGE WARNNING", ""),
        (b"PSM POWER DOWN", "restart"),
        (b'+CPSMSTATUS: "ENTER PSM"', "restart"),
        (b'+CPSMSTATUS: "EXIT PSM"', ""),
        (b"+APP PDP: 0,ACTIVE", ""),
        (b"+APP PDP: 0,DEACTIVE", "drop"),
        (b"+APP PDP: DEACTIVE", "drop"),
        (b"+APP PDP: 3,DEACTIVE", ""),
        (b"+PDP: DEACT", "drop"),
        (b"+CADATAIND: 0", "data"),
        (b"+CADATAIND: 12", ""),
        (b'+CAURC: "buffer full"', ""),
        (b'+CAURC: "incoming full"', ""),
        (b"+CASTATE: 0,0", "closed"),
        (b"+CASTATE: 0,1", ""),
        (b"+CASTATE: 0,2", ""),
        (b"+CASTATE: 1,0", ""),
        (b"+CACLOSE: 0", "closed"),
        (b"+CANEW: 1,2,10.0.0.1,80", ""),
        (b"+CAOPEN: 0,2", ""),
        (b'+CEREG: 1,"5B57","0195071B",7', ""),
        (b"+CGREG: 2", ""),
        (b"+CREG: 0", ""),
        (b'+CEDRXP: 4,"0101","0101","0011"', ""),
        (b"DST: 0", ""),
        (b'*PSNWID: "262","01","net",0,"net",0', ""),
        (b'*PSUTTZ: 24/04/11,03:19:19","+32",0', ""),
        (b"+CTZV: +8,0", ""),
        (b"+CNTP: 1", ""),
        (b'+CMTI: "SM",1', ""),
        (b"+SMSTATE: 0", ""),
        (b'+SMSUB: "t","OK"', ""),
        (b"+CSMINS: 0,1", ""),
        (b"RING", ""),
        (b"Call Ready", ""),
    ),
    "sim7000": (
        (b"RDY", "restart"),
        (b"+CIPRXGET: 1,0", "data"),
        (b"+CIPRXGET: 1,5", ""),
        (b"0, CLOSED", "closed"),
        (b"1, CLOSED", ""),
        (b"0, CONNECT OK", ""),
        (b"0, CONNECT FAIL", ""),
        (b"+RECEIVE,0,5:", ""),
        (b'+CLTS: 1', ""),
        (b"+PDP: DEACT", "drop"),
        (b"DST: 0", ""),
    ),
    "bg95": (
        (b"RDY", "restart"),
        (b"APP RDY", ""),
        (b"+CFUN: 1", ""),
        (b"+CPIN: READY", ""),
        (b"+QUSIM: 1", ""),
        (b"+QIND: SMS DONE", ""),
        (b"+QIND: PB DONE", ""),
        (b"+QINISTAT: 7", ""),
        (b"QCRDY", ""),
        (b"POWERED DOWN", "restart"),
        (b"NORMAL POWER DOWN", "restart"),
        (b'+QIURC: "recv",0', "data"),
        (b'+QIURC: "recv",11', ""),
        (b'+QIURC: "closed",0', "closed"),
        (b'+QIURC: "closed",1', ""),
        (b'+QIURC: "pdpdeact",1', "drop"),
        (b'+QIURC: "pdpdeact",2', ""),
        (b'+QIURC: "incoming",11,0,"10.0.0.1",80', ""),
        (b'+QIURC: "dnsgip",0,1,600', ""),
        (b"+QIOPEN: 0,566", ""),
        (b'+QSSLURC: "recv",0', ""),
        (b'+QSSLURC: "closed",0', ""),
        (b"+QSSLOPEN: 0,0", ""),
        (b"+QPSMTIMER: 3600,10", ""),
        (b"+CGEV: NW DETACH", ""),
    ),
    "sara-r4": (
        (b"STARTED", "restart"),  # the greeting that the driver sets
        (b"+UUSORD: 0,512", "data"),
        (b"+UUSORD: 6,512", ""),
        (b"+UUSORF: 0,512", ""),
        (b"+UUSOCL: 0", "closed"),
        (b"+UUSOCL: 1", ""),
        (b"+UUSOCO: 0,0", ""),
        (b"+UUPSDD: 0", "drop"),
        (b"+UUPSMR: 1", ""),
        (b"+UUGIND: 0,0", ""),
        (b"+CIEV: 2,3", ""),
        (b"+CREG: 1", ""),
        (b"+CEREG: 1", ""),
        (b"+UFOTASTAT: 0,0", ""),
    ),
    "gm02s": (
        (b"+SYSSTART", "restart"),
        (b"+SHUTDOWN", "restart"),
        (b"+SQNSRING: 1", "data"),
        (b"+SQNSRING: 1,512", "data"),
        (b"+SQNSRING: 1,5,hello", "data"),
        (b"+SQNSRING: 2,512", ""),
        (b"+SQNSH: 1", "closed"),
        (b"+SQNSH: 6", ""),
        (b'+CEREG: 5,"5B57","0195071B",7', ""),
        (b"+CEREG: 80", ""),
        (b'+SQNPSMURC: "ENTER"', ""),
        (b"+CGEV: ME PDN DEACT 1", "drop"),
    ),
    "tx62": (
        (b"^SYSSTART", "restart"),
        (b"^SHUTDOWN", "restart"),
        (b"^SISR: 0,1", "data"),
        (b"^SISR: 0,2", "data"),  # it ends the connection: a read reports that
        (b"^SISR: 9,1", ""),
        (b"^SISW: 0,1", ""),
        (b"^SISW: 0,2", ""),
        (b'^SIS: 0,0,48,"Remote peer has closed the connection"', "closed"),
        (b"^SIS: 0,0,20,\"closed\"", "closed"),
        (b'^SIS: 0,5,0,"up"', ""),
        (b'^SIS: 1,0,48,"x"', ""),
        (b'+CIEV: prov,0,"fallb3gpp"', ""),
        (b"+CGEV: NW PDN DEACT 1", "drop"),
        (b"+CGEV: NW PDN DEACT 2", ""),
        (b"^SBC: Undervoltage", ""),
    ),
}  # fmt: skip

# -- 2 SIM7080 -----------------------------------------------------------------------------------

# 2.3: model, firmware, IMEI.
IDENTITY = (b"SIMCOM_SIM7080", b"Revision:1951B17SIM7080", b"867730050000017")
# 2.4: the serving cell: system, operator, tac, cell, band, earfcn, RSRQ, RSRP, RSSI, SNR.
CELLS = (
    (
        b"+CPSI: LTE CAT-M1,Online,262-01,0x5B57,26543,301,EUTRAN-BAND20,6300,3,3,-11,-97,-68,12",
        ("LTE CAT-M1", "262-01", "0x5B57", "26543", "EUTRAN-BAND20", 6300, -11, -97, -68, 12),
    ),
    (
        b"+CPSI: LTE NB-IOT,Online,460-00,0x1816,27521617,199,EUTRAN-BAND8,3736,0,0,-9,-61,-52,19",
        ("LTE NB-IOT", "460-00", "0x1816", "27521617", "EUTRAN-BAND8", 3736, -9, -61, -52, 19),
    ),
    (b"+CPSI: NO SERVICE,Online", None),
)
# 2.5: the answer of AT+CNACT? while the context is up.
CONTEXTS = (
    b'+CNACT: 0,1,"10.94.36.44"', b'+CNACT: 1,0,"0.0.0.0"',
    b'+CNACT: 2,0,"0.0.0.0"', b'+CNACT: 3,0,"0.0.0.0"',
)  # fmt: skip
# Addresses of a name, "" if the modem refuses: driver, command, answer; {} is the name.
NAMES = (
    ("sim7080", b'+CDNSGIP="%s"', b'+CDNSGIP: 1,"%s","203.0.113.5"', "203.0.113.5"),
    ("sim7080", b'+CDNSGIP="%s"', b'+CDNSGIP: 1,"%s","203.0.113.5","203.0.113.6"', "203.0.113.5"),
    ("sim7080", b'+CDNSGIP="%s"', b"+CDNSGIP: 0,8", ""),
)
# 2.6: the result of a time server.
TIME_RESULTS = ((1, True), (61, False), (62, False), (63, False), (64, False), (65, False))
# 2.7: eDRX as granted, in seconds.
EDRX = ((b"+CEDRXRDP: 0", None), (b'+CEDRXRDP: 4,"0101","0101","0011"', 81.92))
# 2.8: a position: UTC, latitude, longitude, altitude, speed, course.
FIX = (
    b"+CGNSINF: 1,1,20261124131809.000,52.516275,13.377704,34.500,0.00,90.0,1,,1.1,1.4,0.9,,12,8",
    ((2026, 11, 24, 13, 18, 9), 52.516275, 13.377704, 34.5, 0.0, 90.0),
)
NO_FIX = b"+CGNSINF: 1,0,19800106000102.000,,,,0.00,0.0,0,,,,,,0,0,,,,,"
# 2.9: the reason of a failed connection, and the errno.
OPEN_RESULTS = (
    (1, "socket error", 5), (2, "no memory", 12), (3, "too many connections", 24),
    (4, "parameter invalid", 22), (6, "invalid IP address", 22), (7, "not supported", 95),
    (12, "cannot bind", 98), (13, "cannot listen", 98), (20, "cannot be resolved", 113),
    (21, "not active", 100), (23, "refused", 111), (24, "certificate expired", 71),
    (25, "another name", 71), (26, "expired, and has another name", 71),
    (27, "cannot be reached", 113),
)  # fmt: skip
# Payload that looks like modem output.
PAYLOADS = (
    b"GET / HTTP", b"\r\nOK\r\n", b"\r\nERROR\r\n", b">", b"> ", b"\r\n+CADATAIND: 0\r\n",
    b"\n\r\0", b"\r\nRDY\r\n", b'\r\n+QIURC: "closed",0\r\n', b'"\r\n\r\nOK\r\n',
    b"\r\n^SISR: 0,2\r\n", b"SEND OK",
)  # fmt: skip

# -- 3 SIM7000 -----------------------------------------------------------------------------------

# The result of AT+CIPSTART after its OK, and the errno (0: connected).
CONNECTS = ((b"0, CONNECT OK", 0), (b"0, CONNECT FAIL", 111), (b"0, ALREADY CONNECT", 5))

# -- 5 Quectel -----------------------------------------------------------------------------------

# +QCSQ as the modules print it, where +CSQ is 99: dBm.
QUECTEL_SIGNALS = (
    (b'+QCSQ: "eMTC",-73,-101,125,-11', -73),
    (b'+QCSQ: "CAT-M1",-73,-101,125,-11', -73),
)
QUECTEL_CONTEXT = (b'+QIACT: 1,1,1,"10.94.36.44"', "10.94.36.44")
QUECTEL_TIME = (b'+QLTS: "2026/11/24,14:18:09+04,0"', (2026, 11, 24, 13, 18, 9))
# How the driver words the errors of +QIOPEN (all end the attempt).
QUECTEL_ERRORS = (
    (550, "550"), (551, "blocked"), (552, "invalid parameters"), (553, "memory"), (554, "554"),
    (555, "555"), (556, "556"), (557, "557"), (558, "558"), (559, "559"), (560, "560"),
    (561, "not active"), (562, "562"), (564, "DNS busy"), (565, "resolved"), (566, "reached"),
    (567, "closed"), (568, "568"), (569, "no answer"), (570, "not active"), (571, "571"),
    (572, "572"), (573, "APN"), (574, "574"),
)  # fmt: skip
# <state> of +QISTATE, and whether the connection is up; a live one has had 3.
QUECTEL_STATES = ((0, False), (1, False), (2, True), (3, True), (4, False))

# -- 6 u-blox ------------------------------------------------------------------------------------

UBLOX_PROFILE = (b'+UPSND: 0,0,"10.94.36.44"', b'+UUPSDA: 0,"10.94.36.44"', "10.94.36.44")
UBLOX_STATES = ((4, True), (0, False), (2, False), (10, False))

# -- 7 Cinterion ---------------------------------------------------------------------------------

CINTERION_STATES = ((4, True), (6, False))

# -- 8 Sequans -----------------------------------------------------------------------------------

SEQUANS_STATES = ((0, False), (1, True), (2, True), (3, True), (6, False))

# -- 9 commands to the SIM -----------------------------------------------------------------------

# An APDU, the answer of AT+CSIM, response data and status word, all hex.
SIM_ANSWERS = (
    ("0070000001", (b'+CSIM: 6,"019000"',), "01", 0x9000),
    ("0070000000", (b'+CSIM: 6,"019000"',), "01", 0x9000),
    ("0070800100", (b'+CSIM: 4,"9000"',), "", 0x9000),
    ("0070800100", (b"+CSIM: 4,9000",), "", 0x9000),  # 8: without quotes
    (
        "0070000001",
        (b'+CSIM: 4,"9000"+CSIM: 6,"019000"',),
        "01",
        0x9000,
    ),  # 8: the answer to an earlier command in front
    ("0070000001", (b'+CSIM: 4,"9000"', b'+CSIM: 6,"019000"'), "01", 0x9000),
    ("0070000001", (b"SMS Ready", b'+CSIM: 6,"019000"'), "01", 0x9000),  # 6: not in the first line
    ("01A4040007A000000559001000", (b'+CSIM: 4,"6A82"',), "", 0x6A82),
    ("0184000010", (b'+CSIM: 4,"6881"',), "", 0x6881),
    ("0184000010", (b'+CSIM: 4,"6E00"',), "", 0x6E00),
    ("0184000010", (b'+CSIM: 4,"6D00"',), "", 0x6D00),
    ("0184000010", (b'+CSIM: 4,"6A86"',), "", 0x6A86),
    ("0184000010", (b'+CSIM: 4,"6700"',), "", 0x6700),
    ("01B00000038301020000", (b'+CSIM: 4,"6100"',), "", 0x6100),
    ("01C0000000", (b'+CSIM: 516,"' + b"5A" * 256 + b'9000"',), "5A" * 256, 0x9000),
)
# Refusals of AT+CSIM (2.12, 9.2) that are not status words.
SIM_REFUSALS = (3, 10, 13, 14, 15, 50, 767, 773)
# AT+CCHO and the handle that AT+CGLA and AT+CCHC use.
HANDLES = (
    (b"+CCHO: 1", b"1"),
    (b"1", b"1"),  # Fibocom FM350
    (b"000000000385a7cf", b"000000000385a7cf"),  # Sierra MC7455
)

LEFT_OUT = """
1.1  CONNECT: no driver uses data mode. ATV0: not used.
1.4  PIN2, PUK2 and the numbers beyond those of ERRORS: the driver keeps the number, without text.
1.5  CFUN?, COPS, CGATT, CGREG, CREG: no driver asks for them; as URCs they are in UNASKED.
1.7  +CAURC: "recv", +QIURC: "recv",<id>,<len>: push modes, not used; the data would be lines.
1.7  A76xx, SIM767x (and section 4): there is no driver.
1.8  SMS Ready and APP RDY do not count as a restart, as they also come late after a start
     (section 11); a returned echo, RDY and lost state do.
2.1  CPOWD, CREBOOT, CSCLK, CFGRI: not used. 2.2: CURCCFG and profiles, not used.
2.4  CNSMOD: not used.
2.5  CGNAPN: not used; CNACT with 2 (automatic): not used.
2.9  CACID, CASSLCFG, CAOPEN?, CASEND=<cid>, CAACK, CARECV?, CASERVER, CASWITCH, ASYNCOPEN, CASRIP:
     not used.
2.10 The modem's own TLS and MQTT cannot sign with the SIM. 2.11, 10: PPP and CMUX: not used.
2.12 CRSM, STK: not used.
3    The CA commands of the SIM7000, CIPRXGET 3 and 4, CIPSEND without CIPQSEND: not used.
5    QISEND=<id>,<len> in push mode, QIRD without a length, QSSL, QPOWD, QINISTAT: not used.
6    USOCO with ,1 and its URC, hex mode, USORF, USECMNG: not used. 7: GNSS, UDP, etx: not used.
8    SQNSI, SQNSNVW, SQNMONI, SQNMODEACTIVE, SQNBANDSEL: not used.
11   PPP and CMUX; power supplies; matters of the modem's firmware only.
"""
