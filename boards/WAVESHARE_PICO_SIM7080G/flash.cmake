# Divides the flash of IOTSAFE_FLASH_KIB: IOTSAFE_FIRMWARE_KIB for the firmware, the file system above it.
# The variants include this file. The sizes equal those of the port's own Pico boards, so that files
# survive a change of firmware. Set-up refuses a firmware that is larger than __firmware_area__.
math(EXPR IOTSAFE_FIRMWARE_BYTES "${IOTSAFE_FIRMWARE_KIB} * 1024")
math(EXPR IOTSAFE_STORAGE_BYTES "(${IOTSAFE_FLASH_KIB} - ${IOTSAFE_FIRMWARE_KIB}) * 1024")
# After MicroPython 1.28 the port's CMake files take the size; before, only the compiler does.
file(STRINGS ${CMAKE_SOURCE_DIR}/CMakeLists.txt IOTSAFE_TAKES_SIZE REGEX MICROPY_HW_FLASH_STORAGE_BYTES)
if(IOTSAFE_TAKES_SIZE)
    set(MICROPY_HW_FLASH_STORAGE_BYTES ${IOTSAFE_STORAGE_BYTES})
else()
    list(APPEND MICROPY_DEF_BOARD MICROPY_HW_FLASH_STORAGE_BYTES=${IOTSAFE_STORAGE_BYTES})
endif()
add_link_options("LINKER:--defsym=__firmware_area__=${IOTSAFE_FIRMWARE_BYTES}")
