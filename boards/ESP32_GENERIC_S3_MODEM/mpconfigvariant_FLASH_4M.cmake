# From MicroPython 1.26 on, one image fits every size of flash.
iotsafe_optional(ESP32_GENERIC_S3/sdkconfig.flash_4m)
