# Switches SSLContext.ecdsa_sign_callback on from outside the MicroPython tree. esp32.cmake and
# esp32s3.cmake include this file while CMake reads mpconfigboard.cmake, before the CMake project exists.
# README.md says why each line is needed.
list(APPEND MICROPY_DEF_BOARD MICROPY_PY_SSL_ECDSA_SIGN_ALT=1)
list(APPEND MICROPY_SOURCE_BOARD ${CMAKE_CURRENT_LIST_DIR}/ecdsa_sign_alt.c)
add_link_options(
    -Wl,--wrap=mbedtls_ecdsa_write_signature
    -Wl,--undefined=__wrap_mbedtls_ecdsa_write_signature
)
list(APPEND SDKCONFIG_DEFAULTS ${CMAKE_CURRENT_LIST_DIR}/sdkconfig.iotsafe)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
