# Raspberry Pi Pico with the Waveshare Pico-SIM7080G hat; mpconfigvariant*.cmake select the Pico.

# The ECDSA signing callback. The port's CMake files do not know this option of extmod.
list(APPEND MICROPY_SOURCE_BOARD ${MICROPY_DIR}/extmod/mbedtls/mbedtls_alt.c)
list(APPEND MICROPY_DEF_BOARD MICROPY_PY_SSL_ECDSA_SIGN_ALT=1)
add_link_options("LINKER:--wrap=mbedtls_ecdsa_write_signature")

# The sources of TLS 1.3, which extmod.cmake does not list. The psa_*.c files differ between mbedTLS
# releases, hence the pattern.
file(GLOB IOTSAFE_TLS13
    ${MICROPY_DIR}/lib/mbedtls/library/psa_*.c
    ${MICROPY_DIR}/lib/mbedtls/library/ssl_tls13_*.c
)
list(SORT IOTSAFE_TLS13)
list(APPEND MICROPY_SOURCE_BOARD ${IOTSAFE_TLS13} ${MICROPY_DIR}/lib/mbedtls/library/hkdf.c)

# Mends mbedTLS 3.6.6.
set_source_files_properties(${MICROPY_DIR}/lib/mbedtls/library/ssl_tls12_client.c PROPERTIES
    COMPILE_FLAGS "-include \"${CMAKE_CURRENT_LIST_DIR}/../common/tls12_pss.h\""
)

# Entropy from the chip and the SIM, instead of the port's untested ring oscillator.
list(APPEND MICROPY_SOURCE_BOARD
    ${MICROPY_BOARD_DIR}/entropy.c
    ${MICROPY_BOARD_DIR}/modentropy.c
)
add_link_options("LINKER:--wrap=mbedtls_hardware_poll")

# A smaller SHA-1 for hashlib.
list(APPEND MICROPY_SOURCE_BOARD ${MICROPY_BOARD_DIR}/sha1_process.c)

# RSA with less heap, and TLS without CBC, which `cryptolib` has.
list(APPEND MICROPY_SOURCE_BOARD ${MICROPY_BOARD_DIR}/mont_r2.c ${MICROPY_BOARD_DIR}/aes_cbc.c)
add_link_options("LINKER:--wrap=mbedtls_mpi_core_get_mont_r2_unsafe")

# Flash programs of less than a page, so that littlefs needs less heap.
list(APPEND MICROPY_SOURCE_BOARD ${MICROPY_BOARD_DIR}/flash_program.c)
add_link_options("LINKER:--wrap=flash_range_program")

# A larger C stack.
list(APPEND MICROPY_SOURCE_BOARD ${MICROPY_BOARD_DIR}/stack.c)
add_link_options("LINKER:--wrap=main")

set(MBEDTLS_CONFIG_FILE "${MICROPY_BOARD_DIR}/mbedtls_config_board.h")
set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
