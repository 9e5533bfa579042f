// TLS 1.2 as the port has it, with the server's certificate kept for the application to see.
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE

#include "ports/rp2/mbedtls/mbedtls_config_port.h"
