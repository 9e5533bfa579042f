"""A simple card program with pyscard: `plain_pyscard.py READER APDU…`.

Prints the ATR, then a line for each APDU (hexadecimal): data and status word. It fetches waiting
data (61xx), and has no other knowledge of cards. The word `reset` among the APDUs resets the card.
"""

import sys

from smartcard.scard import SCARD_RESET_CARD
from smartcard.System import readers
from smartcard.util import toBytes


def main(name, *commands):
    (reader,) = [found for found in readers() if found.name == name]
    connection = reader.createConnection()
    connection.connect()
    print(bytes(connection.getATR()).hex().upper())
    for command in commands:
        if command == "reset":
            connection.reconnect(disposition=SCARD_RESET_CARD)
            continue
        data, sw1, sw2 = connection.transmit(toBytes(command))
        while sw1 == 0x61:
            channel = int(command[:2], 16) & 0x03
            more, sw1, sw2 = connection.transmit([channel, 0xC0, 0, 0, sw2])
            data += more
        print(bytes([*data, sw1, sw2]).hex().upper())
    connection.disconnect()


main(*sys.argv[1:])
