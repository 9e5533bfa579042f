# Unix variant "iotsafe": mbedTLS with TLS 1.2 and 1.3; a Python callback makes the ECDSA signature.
FROZEN_MANIFEST ?= $(VARIANT_DIR)/manifest.py

MICROPY_SSL_AXTLS = 0
MICROPY_SSL_MBEDTLS = 1
# SSLContext.ecdsa_sign_callback: the signature comes from the SIM.
MICROPY_PY_SSL_ECDSA_SIGN_ALT = 1

# Not needed; set-up does not fetch their sources.
MICROPY_PY_BTREE = 0
MICROPY_PY_JNI = 0

# TLS 1.3 needs its own mbedTLS configuration and sources that extmod.mk does not list. The psa_*.c
# files differ between mbedTLS releases, hence the wildcard.
MBEDTLS_CONFIG_FILE = \"iotsafe_mbedtls_config.h\"
SRC_THIRDPARTY_C += $(addprefix lib/mbedtls/library/, hkdf.c \
	$(notdir $(wildcard $(TOP)/lib/mbedtls/library/psa_*.c)) \
	ssl_tls13_client.c ssl_tls13_generic.c ssl_tls13_keys.c ssl_tls13_server.c)

# Mends mbedTLS 3.6.6.
%/ssl_tls12_client.o: CFLAGS += -include $(VARIANT_DIR)/../common/tls12_pss.h
