// mbedTLS: the Portenta H7's configuration, plus AES-CTR and chains signed with RSASSA-PSS.
#ifndef MICROPY_INCLUDED_MBEDTLS_CONFIG_BOARD_H
#define MICROPY_INCLUDED_MBEDTLS_CONFIG_BOARD_H

#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_CIPHER_MODE_CTR
#define MBEDTLS_PKCS1_V21
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT

#include "ports/stm32/mbedtls/mbedtls_config_port.h"

#endif // MICROPY_INCLUDED_MBEDTLS_CONFIG_BOARD_H
