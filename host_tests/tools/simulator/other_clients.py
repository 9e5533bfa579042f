"""What other programs send to modems when they start, register and open a context, and what the
modem's manual lets them expect: rows of request and answer.

An answer is a tuple of parts. Each part stands between CR LF pairs; a part of several lines has a
LF between them. `...` is any text, for what is not the program's affair.
"""

ANY = ...

# -- TinyGSM: ends lines with CR LF, except on Sequans' modems (LF) ------------------------------

SIMCOM_START = (
    ("AT", ("OK",)),
    ("ATE0", ("OK",)),
    ("AT+CMEE=0", ("OK",)),
    ("AT+GMM", ANY),
    ("AT+CLTS=1", ("OK",)),
    ("AT+CBATCHK=1", ("OK",)),
    ("AT+CPIN?", ("+CPIN: READY", "OK")),
    ("AT+CREG?", ("+CREG: 0,1", "OK")),
    ("AT+CGREG?", ("+CGREG: 0,1", "OK")),
    ("AT+CNMP=?", ("+CNMP: (2,13,38,51)", "OK")),
    ("AT+CBC", ("+CBC: 0,80,3800", "OK")),
    ("AT+COPS?", ('+COPS: 0,0,"Test Network",7', "OK")),
)
TINYGSM_SIM7080 = (
    *SIMCOM_START,
    ("AT+CNACT=0,0", ("ERROR",)),  # nothing is active; the program goes on
    ('AT+CGDCONT=1,"IP","internet"', ("OK",)),
    ("AT+CGATT=1", ("OK",)),
    ("AT+CGNAPN", ('+CGNAPN: 1,"lab.apn"', "OK")),
    ('AT+CNCFG=0,1,"internet"', ("OK",)),
    ("AT+CNACT=0,1", ("OK", "+APP PDP: 0,ACTIVE")),
    ("AT+CGATT?", ("+CGATT: 1", "OK")),
    ("AT+CLBS=1,1", ("+CLBS: 0,13.377722,52.516272,550", "OK")),
    ("AT+CACLOSE=0", ("ERROR",)),
    ("AT+CACID=0", ("OK",)),
    ("AT+CASSLCFG=0,SSL,0", ("OK",)),
)
TINYGSM_SIM7000 = (
    *SIMCOM_START,
    ("AT+CIPSHUT", ("SHUT OK",)),
    ("AT+CGATT=0", ("OK",)),
    ('AT+SAPBR=3,1,"Contype","GPRS"', ("OK",)),
    ('AT+SAPBR=3,1,"APN","internet"', ("OK",)),
    ('AT+CGDCONT=1,"IP","internet"', ("OK",)),
    ("AT+CGACT=1,1", ("OK",)),
    ("AT+SAPBR=1,1", ("OK",)),
    ("AT+SAPBR=2,1", ('+SAPBR: 1,1,"10.94.36.45"', "OK")),
    ("AT+CGATT=1", ("OK",)),
    ("AT+CIPMUX=1", ("OK",)),
    ("AT+CIPQSEND=1", ("OK",)),
    ("AT+CIPRXGET=1", ("OK",)),
    ('AT+CSTT="internet","",""', ("OK",)),
    ("AT+CIICR", ("OK",)),
    ("AT+CIFSR;E0", ("10.94.36.44", "OK")),
    ("AT+CLBS=4,1", ANY),
    ("AT+SGPIO=0,4,1,1", ("OK",)),
)
TINYGSM_BG96 = (
    ("AT", ("OK",)),
    ("AT&FZE0", ("OK",)),
    ("AT+CMEE=0", ("OK",)),
    ("AT+GMM", ("BG96", "OK")),
    ("AT+CTZR=0", ("OK",)),
    ("AT+CTZU=1", ("OK",)),
    ("AT+CPIN?", ("+CPIN: READY", "OK")),
    ("AT+CCID", ("+CCID: 89000000000000000000", "OK")),
    ("AT+CREG?", ("+CREG: 0,1", "OK")),
    ("AT+QIDEACT=1", ("OK",)),
    ('AT+QICSGP=1,1,"internet","",""', ("OK",)),
    ("AT+QIACT=1", ("OK",)),
    ("AT+CGATT=1", ("OK",)),
    ("AT+QILOCIP", ("10.94.36.44", "OK")),
    ("AT+QTEMP", ("+QTEMP: 25,26,27", "OK")),
    ("AT+QGPS=1", ("OK",)),
    ("AT+QGPSEND", ("OK",)),
    ("AT+CBC", ("+CBC: 0,80,3800", "OK")),
)
TINYGSM_MONARCH = (
    ("AT", ("OK",)),
    ("ATE0", ("OK",)),
    ("AT+CFUN=1", ("OK",)),
    ("AT+CPIN?", ("+CPIN: READY", "OK")),
    ("AT+CEREG?", ("+CEREG: 0,1", "OK")),
    ("AT+CGATT=0", ("OK",)),
    ('AT+CGDCONT=3,"IPV4V6","internet"', ("OK",)),
    ("AT+CGACT=1,3", ("OK",)),
    ("AT+CGATT=1", ("OK",)),
    ("AT+CGPADDR=3", ('+CGPADDR: 3,"10.94.36.46"', "OK")),
    ("AT+SMDTH", ("+SMDTH: 25.0", "OK")),
    ("AT+SQNSCFG=1,3,300,90,600,50", ("OK",)),
    ("AT+SQNSCFGEXT=1,1,0,0,0,0", ("OK",)),
)
TINYGSM_SARA = (
    ("AT", ("OK",)),
    ("ATE0", ("OK",)),
    ("AT+CMEE=0", ("OK",)),
    ("AT+CGMI", ("u-blox", "OK")),
    ("AT+GMM", ANY),
    ("AT+CTZU=1", ("OK",)),
    ("AT+CPIN?", ("+CPIN: READY", "OK")),
    ("AT+CGACT=1,0", ("ERROR",)),  # it means state and number the other way round, and goes on
    ("AT+CGATT=1", ("OK",)),
    ('AT+CGDCONT=1,"IP","internet"', ("OK",)),
    ("AT+CGACT=1,1", ("OK",)),
    ("AT+CIND?", ("+CIND: 5,3,1,0,0,0,1,0", "OK")),
    ("AT+UTEMP=0", ("OK",)),
    ("AT+UTEMP?", ("+UTEMP: 0,250", "OK")),
    ("AT+UGPS=1,0", ("OK",)),
    ("AT+UGPS=0", ("OK",)),
    ("AT+ULOC=2,3,0,120,1", ANY),
    ("AT+USOSEC=?", ("+USOSEC: (0-6),(0,1),(0-4)", "OK")),
    ("AT+COPS=2", ("OK",)),
    ("AT+COPS=0", ("OK",)),
)

# -- Arduino's MKRNB -----------------------------------------------------------------------------

MKRNB = (  # it waits for the echo of each command
    ("AT", ("OK",)),
    ("AT+CMEE=0", ("OK",)),
    ("AT+CFUN=0", ("OK",)),
    ("AT+CPIN?", ("+CPIN: READY", "OK")),  # the SIM keeps its power, or it would ask for ever
    ("AT+CGATT=0", ("OK",)),
    ("AT+CMGF=1", ("OK",)),
    ("AT+UDCONF=1,1", ("OK",)),
    ("AT+CTZU=1", ("OK",)),
    ('AT+CGDCONT=1,"IP","internet"', ("OK",)),
    ("AT+UAUTHREQ=1,0", ("OK",)),
    ("AT+CFUN=1", ("OK",)),
    ("AT+CEREG?", ("+CEREG: 0,1", "OK")),
    ("AT+CGATT=1", ("OK",)),
    ("AT+CGACT?", ("+CGACT: 1,1", "OK")),  # it waits until the answer ends with these
    ("AT+CGPADDR=1", ("+CGPADDR: 1,10.94.36.44", "OK")),
    ('AT+CMGL="REC UNREAD"', ("OK",)),
)

# -- hologram's Python SDK -----------------------------------------------------------------------

HOLOGRAM = (
    ("ATE0", ("OK",)),
    ("AT+CMEE=2", ("OK",)),
    ("AT+CPIN?", ("+CPIN: READY", "OK")),
    ("AT+CTZU=1", ("OK",)),
    ("AT+CTZR=1", ("OK",)),
    ('AT+CPMS="ME","ME","ME"', ("+CPMS: 0,20,0,20,0,20", "OK")),
    ("AT+CMGF=0", ("OK",)),
    ("AT+CNMI=2,1", ("OK",)),
    ("AT+CREG=2", ("OK",)),
    ("AT+CEREG=2", ("OK",)),
    ("AT+CEREG?", ('+CEREG: 2,1,"5B57","0195071B",7', "OK")),
    ("AT+CPMS?", ('+CPMS: "ME",0,20,"ME",0,20,"ME",0,20', "OK")),
    ("AT+CMGL", ("OK",)),
    ("AT+CIMI", ("001010000000000", "OK")),
)
HOLOGRAM_SIM7000 = (
    *HOLOGRAM,
    ("AT+CIPSTATUS", ("OK", "STATE: IP INITIAL")),
    ('AT+CSTT="hologram"', ("OK",)),
    ("AT+CIICR", ("OK",)),
    ("AT+CIPSTATUS", ("OK", "STATE: IP GPRSACT")),
)

# -- Walter's MicroPython library ----------------------------------------------------------------

BANDS = "1,2,3,4,5,8,12,13,14,17,18,19,20,25,26,28,66,71,85"
SERVING_CELL = (
    "+SQNMONI: Test Network Cc:001 Nc:01 RSRP:-94.00 CINR:14.00 RSRQ:-11.00 TAC:23383 "
    "Id:250 EARFCN:6400 PWR:-66.00 PAGING:128 CID:0x0195071B BAND:20 BW:5000 CE:0"
)
WALTER = (
    ("AT", ("OK",)),
    ("AT+CMEE=1", ("OK",)),
    ("AT+CEREG=5", ("OK",)),
    ("AT+SQNMODEACTIVE?", ("+SQNMODEACTIVE: 1", "OK")),
    (
        "AT+SQNBANDSEL?",
        (f'+SQNBANDSEL: 0,standard,"{BANDS}"\n+SQNBANDSEL: 1,standard,"{BANDS}"', "OK"),
    ),
    ('AT+CGDCONT=1,"IP","internet",,0,0,0,0,0,0,0,0,0,0,0', ("OK",)),
    ("AT+CGAUTH=1,0,,", ("OK",)),
    ("AT+CFUN=1", ANY),
    ("AT+CPIN?", ("+CPIN: READY", "OK")),
    ("AT+COPS=0", ("OK",)),
    ("AT+CSQ", ("+CSQ: 20,0", "OK")),
    ("AT+CESQ", ("+CESQ: 99,99,255,255,18,47", "OK")),
    (
        "AT+SQNMONI=9",
        (SERVING_CELL, "OK"),
    ),
    ("AT+CGACT=1,1", ("OK",)),
    ("AT+CGATT=1", ("OK",)),
    ("AT+CGPADDR=1", ('+CGPADDR: 1,"10.94.36.44"', "OK")),
    ("AT+SQNSCFG=1,1,300,90,600,50", ("OK",)),
    ("AT+SQNSCFGEXT=1,2,0,0,0,0,0", ("OK",)),
)

# -- ModemManager --------------------------------------------------------------------------------

KINDS = ("IP", "IPV6", "IPV4V6")
MODEM_MANAGER = (
    ("AT", ("OK",)),
    ("ATE0", ("OK",)),
    ("ATV1", ("OK",)),
    ("AT+CMEE=1", ("OK",)),
    ("ATX4", ("OK",)),
    ("AT&C1", ("OK",)),
    ("AT+CGMI", ANY),
    ("AT+CGMM", ANY),
    ("AT+CGMR", ANY),
    ("AT+CGSN", ("867730050000017", "OK")),
    ("AT+GCAP", ("+GCAP: +CGSM", "OK")),
    ("AT+CPIN?", ("+CPIN: READY", "OK")),
    ("AT+CSCS=?", ('+CSCS: ("IRA","GSM","UCS2","HEX")', "OK")),
    ('AT+CSCS="UCS2"', ("OK",)),
    ("AT+CSCS?", ('+CSCS: "UCS2"', "OK")),
    ("AT+CFUN?", ("+CFUN: 1", "OK")),
    ("AT+WS46=?", ("+WS46: (28,30,31)", "OK")),
    ("AT+CLCK=?", ('+CLCK: ("SC","FD","PN","PU","PP","PC","PF")', "OK")),
    ('AT+CLCK="SC",2', ("+CLCK: 0", "OK")),
    ('AT+CLCK="PN",2', ("+CLCK: 0", "OK")),
    ("AT+CPMS=?", ('+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")', "OK")),
    ("AT+CMGF=?", ("+CMGF: (0-1)", "OK")),
    ("AT+CMGF=0", ("OK",)),
    ("AT+CNMI=2,1,2,1,0", ("OK",)),
    ("AT+CUSD=?", ("+CUSD: (0-2)", "OK")),
    ("AT+CIND=?", ANY),
    ("AT+CREG=2", ("OK",)),
    ("AT+CGREG=2", ("OK",)),
    ("AT+CEREG=2", ("OK",)),
    ("AT+COPS=3,2;+COPS?", ('+COPS: 0,2,"00101",7', "OK")),
    ("AT+COPS=3,0;+COPS?", ('+COPS: 0,0,"Test Network",7', "OK")),
    ("AT+COPS=0,,", ("OK",)),
    (
        "AT+COPS=?",
        ('+COPS: (2,"Test Network","Test","00101",7),,(0-4),(0-2)', "OK"),
    ),
    (
        "AT+CGDCONT=?",
        ("\n".join(f'+CGDCONT: (1-16),"{kind}",,,(0-4),(0-4)' for kind in KINDS), "OK"),
    ),
    ("AT+CGDCONT?", ('+CGDCONT: 1,"IP","","0.0.0.0",0,0', "OK")),
    ('AT+CGDCONT=1,"IP","internet"', ("OK",)),
    ("AT+CGEREP=?", ("+CGEREP: (0-2),(0-1)", "OK")),
    ("AT+CGEREP=2", ("OK",)),
    ("AT+CGACT?", ("+CGACT: 1,1", "OK")),
    ("AT+CNUM", ("OK",)),
    ("AT+CLCC", ("OK",)),
    ("AT+CEER", ("+CEER: No cause information available", "OK")),
    ("AT+CPOL?", ("OK",)),
    ("AT+CPLS=0", ("OK",)),
    ("AT+CTZU=1", ("OK",)),
    ("AT+CIMI", ("001010000000000", "OK")),
)
