"""Errors that end a command: final result codes and the +CME ERROR table (27.007 9.2, vendor
additions)."""

from __future__ import annotations

CME_TEXT = {
    0: "phone failure",
    1: "no connection to phone",
    2: "phone-adaptor link reserved",
    3: "operation not allowed",
    4: "operation not supported",
    5: "PH-SIM PIN required",
    6: "PH-FSIM PIN required",
    7: "PH-FSIM PUK required",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    15: "SIM wrong",
    16: "incorrect password",
    17: "SIM PIN2 required",
    18: "SIM PUK2 required",
    20: "memory full",
    21: "invalid index",
    22: "not found",
    23: "memory failure",
    24: "text string too long",
    25: "invalid characters in text string",
    26: "dial string too long",
    27: "invalid characters in dial string",
    30: "no network service",
    31: "network timeout",
    32: "network not allowed - emergency calls only",
    48: "hidden key required",
    49: "EAP method not supported",
    50: "incorrect parameters",
    99: "resource limitation",
    100: "unknown",
    103: "illegal MS",
    106: "illegal ME",
    107: "GPRS services not allowed",
    111: "PLMN not allowed",
    112: "location area not allowed",
    113: "roaming not allowed in this location area",
    132: "service option not supported",
    133: "requested service option not subscribed",
    134: "service option temporarily out of order",
    148: "unspecified GPRS error",
    149: "PDP authentication failure",
    150: "invalid mobile class",
    160: "DNS resolve failed",
    161: "socket open failed",
    603: "syntax error",
    605: "data transfer already active",
    614: "AT command not allowed",
    753: "missing command parameter",
    754: "invalid SIM command",
    755: "invalid File Id",
    765: "invalid input value",
    766: "unsupported mode",
    767: "operation failed",
    768: "mux already running",
    769: "unable to get control",
    770: "SIM network reject",
    772: "SIM powered down",
    773: "SIM file not present",
    797: "CFUN state is 0 or 4",
}

NOT_ALLOWED, NOT_SUPPORTED, NO_NETWORK = 3, 4, 30

CMS_TEXT = {
    300: "ME failure",
    302: "operation not allowed",
    303: "operation not supported",
    304: "invalid PDU mode parameter",
    305: "invalid text mode parameter",
    310: "SIM not inserted",
    311: "SIM PIN required",
    313: "SIM failure",
    314: "SIM busy",
    316: "SIM PUK required",
    320: "memory failure",
    321: "invalid memory index",
    322: "memory full",
    331: "no network service",
    500: "unknown error",
}
"""27.005 3.2.5."""

NUMERIC_RESULT = {"OK": "0", "CONNECT": "1", "RING": "2", "NO CARRIER": "3", "ERROR": "4"}
"""Final results as ATV0 prints them (V.250 6.3.5)."""


class ATError(Exception):
    """The command ends in an error; `code` is its +CME number, None = plain ERROR in every CMEE
    mode."""

    code: int | None = None
    kind = "CME"


class CMEError(ATError):
    """The command ends in +CME ERROR: `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"+CME ERROR: {code} ({CME_TEXT.get(code, 'unknown')})")
        self.code = code


class CMSError(ATError):
    """A command for messages ends in +CMS ERROR: `code`."""

    kind = "CMS"

    def __init__(self, code: int) -> None:
        super().__init__(f"+CMS ERROR: {code} ({CMS_TEXT.get(code, 'unknown')})")
        self.code = code


class RequestError(ATError):
    """The command line itself is wrong; `reason` picks the number from the personality's
    `codes`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


def error_text(code: int | None, cmee: int, kind: str = "CME") -> str:
    """Return the result line of an error in CMEE mode 0 (ERROR), 1 (number) or 2 (text)."""
    if code is None or cmee == 0:
        return "ERROR"
    if cmee == 1:
        return f"+{kind} ERROR: {code}"
    texts, unknown = (CMS_TEXT, 500) if kind == "CMS" else (CME_TEXT, 100)
    return f"+{kind} ERROR: {texts.get(code, texts[unknown])}"
