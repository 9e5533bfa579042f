# Divides the flash of IOTSAFE_FLASH_KIB: IOTSAFE_FIRMWARE_KIB for the firmware, the file system above it.
# The variants include this file. The sizes equal those of the port's own Pico boards, so that files
# survive a change of firmware. Set-up refuses a firmware that is larger than __firmware_area__.
math(EXPR IOTSAFE_FIRMWARE_BYTES "${IOTSAFE_FIRMWARE_KIB} * 1024")
math(EXPR IOTSAFE_STORAGE_BYTES "(${IOTSAFE_FLASH_KIB} - ${IOTSAFE_FIRMWARE_KIB}) * 1024")
list(APPEND MICROPY_DEF_BOARD MICROPY_HW_FLASH_STORAGE_BYTES=${IOTSAFE_STORAGE_BYTES})
add_link_options("LINKER:--defsym=__firmware_area__=${IOTSAFE_FIRMWARE_BYTES}")
