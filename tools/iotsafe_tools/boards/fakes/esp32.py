"""A stand-in for the chip's module: an ESP32-S3 at 31 degrees."""


def mcu_temperature():
    return 31
