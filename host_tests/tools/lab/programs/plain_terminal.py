"""A simple terminal program with pyserial: `plain_terminal.py DEVICE LINE…`.

Types each line and prints the answer until OK or an error, without the echo.
"""

import sys

import serial


def main(device, *lines):
    with serial.Serial(device, 115200, timeout=60) as port:
        for line in lines:
            port.write(line.encode() + b"\r")
            while True:
                answer = port.readline()
                if not answer.endswith(b"\n"):
                    sys.exit(f"no answer to {line}: {answer!r}")
                answer = answer.decode().strip()
                if answer and answer != line:
                    print(answer)
                if answer == "OK" or "ERROR" in answer:
                    break


main(*sys.argv[1:])
