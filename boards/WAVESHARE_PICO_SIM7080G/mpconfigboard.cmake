# Raspberry Pi Pico with the Waveshare Pico-SIM7080G hat. A variant names another Pico.
if(NOT PICO_BOARD)
    set(PICO_BOARD "pico")
    set(PICO_PLATFORM "rp2040")
endif()

# Let Python make ECDSA signatures: the port's CMake does not know this option of extmod.
list(APPEND MICROPY_SOURCE_BOARD ${MICROPY_DIR}/extmod/mbedtls/mbedtls_alt.c)
list(APPEND MICROPY_DEF_BOARD MICROPY_PY_SSL_ECDSA_SIGN_ALT=1)
add_link_options("LINKER:--wrap=mbedtls_ecdsa_write_signature")

set(MBEDTLS_CONFIG_FILE "${MICROPY_BOARD_DIR}/mbedtls_config_board.h")
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
