"""Quectel BG95, BG96, BG77, EG91 and EG95: identity, boot, power, packet data, time.

After the "BG95&BG77 Series AT Commands Manual" and the TCP/IP note. The rows at the end have the
quirks of single modules.
"""

from __future__ import annotations

from dataclasses import replace

from .common import COMMON, add_pin_counter
from .errors import ATError
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .qi_sockets import QISockets, add_socket_commands
from .radio import NB_IOT
from .table import CommandTable, Number, Setting, Text, Until, render

BAUD = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 3000000)
CONTEXTS = range(1, 17)
NEVER = 1e9
"""Seconds; these modules have a reset pin instead of a long press of the key."""
QCFG = {
    # key: fields, default
    "nwscanmode": ((Number((0, 1, 3)), Number(range(2))), (0, 1)),
    "nwscanseq": ((Text(8), Number(range(2))), ("00", 1)),
    "iotopmode": ((Number(range(3)), Number(range(2))), (0, 1)),
    "band": ((Text(16), Text(20), Text(20), Number(range(2))), ("0xf", "0x80084", "0x80084", 1)),
}
SETTINGS = (
    Setting("+IPR", (Number(BAUD),), (115200,), saved=True),
    Setting("+IFC", (Number((0, 2)), Number((0, 2))), (0, 0)),
    Setting("+CTZU", (Number((0, 1, 3)),), (0,), saved=True),
    Setting("+QSCLK", (Number(range(3)),), (0,)),
)


def make_table(model: str, revision: str, system: str) -> CommandTable:
    """Return one module's commands; `system`: its name for LTE (in +QCSQ and +QNWINFO)."""
    table = COMMON.extended()
    table.fixed(("+CGMM", "+GMM"), "exec", model)
    table.fixed(("+CGMR", "+GMR", "+QGMR"), "exec", revision)
    table.fixed(("+CGMI", "+GMI"), "exec", "Quectel")
    table.fixed("I", "exec", "Quectel", model, f"Revision: {revision}")
    for setting in SETTINGS:
        table.store(setting)
    for name, form, function in COMMANDS:
        table.add(name, form, function)
    table.add("+CSQ", "exec", signal)
    table.add("+QCSQ", "exec", lambda modem, args: extended_signal(modem, system))
    table.add("+QNWINFO", "exec", lambda modem, args: network_information(modem, system))
    add_socket_commands(table)
    add_pin_counter(table, "+QPINC", "set", '"SC",%d,10')
    return table


# -- identity and settings -----------------------------------------------------------------------


def iccid(modem, args: Args) -> None:
    """AT+QCCID: print 19 digits and a filler, or 20 digits."""
    modem.sim.require()
    modem.info(f"+QCCID: {modem.sim.identity.iccid.ljust(20, 'F')}")


def initialised(modem, args: Args) -> None:
    """AT+QINISTAT: print what is ready: 1 SIM, 2 SMS, 4 phone book."""
    modem.info(f"+QINISTAT: {7 if modem.sim.state == 'ready' else 0}")


def configure(modem, args: Args) -> None:
    """AT+QCFG="<key>"[,<value>…]: store values or, without one, print them."""
    key = args.text(0, 16).lower()
    if key not in QCFG:
        raise ATError(key)
    fields, default = QCFG[key]
    args.at_most(1 + len(fields))
    current = modem.nvm.get(f"+QCFG {key}", default)
    if len(args) == 1:
        modem.info(f'+QCFG: "{key}",' + ",".join(str(value) for value in current[:-1]))
    else:
        modem.nvm[f"+QCFG {key}"] = tuple(
            item.read(args, index + 1, current[index]) for index, item in enumerate(fields)
        )


def urc_port(modem, args: Args) -> None:
    """AT+QURCCFG="urcport"[,"<port>"]: store the port; URCs come out of this UART anyway."""
    args.at_most(2)
    if args.text(0, 16).lower() != "urcport":
        raise ATError("urcport")
    if len(args) == 1:
        modem.info(f'+QURCCFG: "urcport","{modem.nvm.get("urcport", "usbat")}"')
        return
    port = args.text(1, 16).lower()
    if port not in ("usbat", "usbmodem", "uart1"):
        raise ATError(port)
    modem.nvm["urcport"] = port


def signal(modem, args: Args) -> None:
    """27.007 8.5: print the signal; some modules report it as unknown on LTE-M."""
    known = modem.radio.registered and "csq_unknown" not in modem.quirks
    modem.info("+CSQ: 20,99" if known else "+CSQ: 99,99")


def extended_signal(modem, system: str) -> None:
    """AT+QCSQ: print RSSI, RSRP, SINR, RSRQ."""
    known = modem.radio.registered
    modem.info(f'+QCSQ: "{system}",-73,-101,125,-11' if known else '+QCSQ: "NOSERVICE"')


def network_information(modem, system: str) -> None:
    """AT+QNWINFO: print technology, operator, band, channel."""
    if not modem.radio.registered:
        modem.info("+QNWINFO: No Service")
        return
    name = "NBIoT" if modem.options.act == NB_IOT else system
    modem.info(f'+QNWINFO: "{name}","00101","LTE BAND 20",6400')


# -- power ---------------------------------------------------------------------------------------


def power_down(modem, args: Args) -> None:
    """AT+QPOWD[=0|1]: print OK and POWERED DOWN, and switch off; 0: at once."""
    args.at_most(1)
    normal = args.number(0, range(2), 1)
    silent = not normal or "qpowd_silent" in modem.quirks
    seconds = modem.delay(2.0) if normal else 0.0
    modem.after_ok(lambda: modem.power_state.shut_down(seconds, silent))


def set_function(modem, args: Args):
    """27.007 8.2: set the function level; `1,1` prints the farewell and restarts."""
    if args.number(1, range(2), 0):
        args.at_most(2)
        args.number(0, (0, 1, 4))
        modem.after_ok(lambda: restart(modem))
        return None
    return COMMON.handlers["+CFUN"]["set"](modem, args)


def restart(modem) -> None:
    """Restart; some modules print the loss of their data context while they are down."""
    active = any(modem.radio.pdp.values())
    modem.urc(modem.power_state.timing.farewell)
    modem.power_state.reset("CFUN")
    if active and "late_pdpdeact" in modem.quirks:
        due = modem.now + modem.delay(3.0)
        modem.timers.at(due, lambda: modem.uart.urc('+QIURC: "pdpdeact",1'), "power")


def announce(modem) -> None:
    """Schedule the start-up URCs; those about the SIM follow."""
    texts = [(0.0, "RDY"), (0.3, "+CFUN: 1")]
    if "app_rdy" in modem.quirks:
        texts.append((0.6, "APP RDY"))
    for delay, text in texts:
        due = modem.now + modem.delay(delay)
        modem.timers.at(due, lambda text=text: modem.urc(text))


# -- packet data ---------------------------------------------------------------------------------


def define_context(modem, args: Args) -> None:
    """AT+QICSGP=<context>[,<type>,"<apn>","<user>","<password>",<auth>]: define or print."""
    args.at_most(6)
    context = args.number(0, CONTEXTS)
    if len(args) == 1:
        modem.info("+QICSGP: " + render(modem.contexts.get(context, (1, "", "", "", 0))))
        return
    fields = (args.number(1, (1, 2, 3)), args.text(2, 99), args.text(3, 127, ""))
    modem.contexts[context] = (*fields, args.text(4, 127, ""), args.number(5, range(4), 0))


def activate(modem, args: Args):
    """AT+QIACT=<context>: OK when the network has granted it. The host must first deactivate a
    context that the network dropped."""
    args.at_most(1)
    index = args.number(0, CONTEXTS) - 1
    radio = modem.radio
    if radio.pdp.get(index, 1) or index in modem.sockets.dropped:
        raise ATError("active already, or dropped and not cleared")
    radio.activate(index)
    yield Until(lambda: index not in radio.activating, 150.0)
    if not radio.pdp[index]:
        raise ATError("refused")


def deactivate(modem, args: Args) -> None:
    """AT+QIDEACT=<context>: close its connections and free their ids."""
    args.at_most(1)
    index = args.number(0, CONTEXTS) - 1
    modem.sockets.forget(index)
    if modem.radio.pdp.get(index):
        modem.radio.deactivate(index, by_host=True)


def active_contexts(modem, args: Args) -> None:
    """AT+QIACT?: print number, state, type and address of the active contexts."""
    radio = modem.radio
    lines = [
        f'+QIACT: {index + 1},1,1,"{radio.address(index)}"'
        for index, state in radio.pdp.items()
        if state
    ]
    if lines:
        modem.info(*lines)


def context_changed(modem, index: int, active: bool, by_host: bool) -> None:
    """Print a URC only for changes by the network."""
    if not active and not by_host:
        modem.sockets.dropped.add(index)
        modem.urc(f'+QIURC: "pdpdeact",{index + 1}')


# -- time ----------------------------------------------------------------------------------------


def registered(modem) -> None:
    """Set the clock to network time; CTZU 1: UTC, 3: local time with its zone."""
    mode = modem.values["+CTZU"][0]
    if mode:
        quarters = modem.options.time_zone if mode == 3 else 0
        modem.wall_clock.set(modem.wall_clock.network(), quarters)


def network_time(modem, args: Args) -> None:
    """AT+QLTS[=<mode>]: print local time (2) or UTC, and the zone; "" before network time."""
    args.at_most(1)
    local = args.number(0, range(3), 0) == 2
    if not modem.radio.registered or "no_nitz" in modem.quirks:
        modem.info('+QLTS: ""')
        return
    quarters = modem.options.time_zone
    moment = modem.wall_clock.at(quarters if local else 0)
    modem.info(f'+QLTS: "{moment:%Y/%m/%d,%H:%M:%S}{quarters:+03d},0"')


def synchronise(modem, args: Args) -> None:
    """AT+QNTP=<context>,"<server>"[,<port>[,<set>]]: OK; then a URC with result and time."""
    args.at_most(4)
    index = args.number(0, CONTEXTS) - 1
    args.text(1, 64)
    args.number(2, range(1, 65536), 123)
    keep = args.number(3, range(2), 1)
    if not modem.radio.pdp.get(index):
        raise modem.sockets.refuse(561)

    def answer() -> None:
        clock = modem.wall_clock
        if keep:
            clock.set(clock.network(), 0)
        modem.urc(f'+QNTP: 0,"{clock.at(0):%Y/%m/%d,%H:%M:%S}+00"')

    modem.after_ok(answer)


COMMANDS = (
    ("+QCCID", "exec", iccid),
    ("+QINISTAT", "exec", initialised),
    ("+QCFG", "set", configure),
    ("+QURCCFG", "set", urc_port),
    ("+QPOWD", "exec", power_down),
    ("+QPOWD", "set", power_down),
    ("+CFUN", "set", set_function),
    ("+QICSGP", "set", define_context),
    ("+QIACT", "set", activate),
    ("+QIACT", "read", active_contexts),
    ("+QIDEACT", "set", deactivate),
    ("+QLTS", "exec", network_time),
    ("+QLTS", "set", network_time),
    ("+QNTP", "set", synchronise),
)

BG95 = Personality(
    name="bg95",
    title="BG95",
    table=make_table("BG95-M3", "BG95M3LAR02A03", "eMTC"),
    power=PowerTiming(
        on_pulse=0.5,
        off_pulse=0.65,
        hold_reset=NEVER,
        ready=2.5,
        off_done=2.0,
        gap=1.0,
        reboot=6.0,
        farewell="POWERED DOWN",
    ),
    sockets=QISockets,
    purposes={
        "sim": ("+CSIM", "+CRSM", "+CCHO", "+CGLA", "+CCHC"),
        "socket": ("+QISEND", "+QIRD", "+QIURC"),
    },
    codes={"unknown": None, "syntax": None, "parameter": 50},
    announce=announce,
    registered=registered,
    context=context_changed,
    line_limit=2048,
    commands_limit=39,
    sim_start=0.6,
    sim_ready=(
        (0.0, "+CPIN: READY"),
        (0.0, "+QUSIM: 1"),
        (3.0, "+QIND: SMS DONE"),
        (4.0, "+QIND: PB DONE"),
    ),
    search=2.0,
    search_gives_up=45.0,
    pdp_activation=0.5,
    quirks=frozenset({"qpowd_silent", "csq_unknown"}),
)


def _like(name: str, revision: str, system: str, *quirks: str) -> Personality:
    """Return another module of the family."""
    title = name.upper()
    table = make_table(title, revision, system)
    return replace(BG95, name=name, title=title, table=table, quirks=frozenset(quirks))


BG77 = _like("bg77", "BG77LAR02A04", "eMTC", "csq_unknown")
BG96 = _like(
    "bg96",
    "BG96MAR02A07M1G",
    "CAT-M1",
    *("app_rdy", "late_pdpdeact", "qi_forgets", "qi_listens"),
)
EG91 = _like("eg91", "EG91EFBR06A08M4G", "LTE", "cgla")
EG95 = _like("eg95", "EG95EFBR06A08M4G", "LTE", "cgla", "csim_no_select")
