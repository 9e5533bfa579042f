// Forced into mbedTLS's ssl_tls12_client.c, and empty but for mbedTLS 3.6.6. In TLS 1.2 that release offers
// rsa_pss_rsae_* and then refuses a server that uses it (mbedtls issue 10668, mended in 3.6.7).
#include "mbedtls/build_info.h"
#if MBEDTLS_VERSION_NUMBER == 0x03060600 && defined(MBEDTLS_SSL_PROTO_TLS1_2) \
    && defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_X509_RSASSA_PSS_SUPPORT)
#include "lib/mbedtls/library/common.h"
#define mbedtls_ssl_sig_alg_is_supported mbedtls_ssl_sig_alg_is_supported_3_6_6
#include "lib/mbedtls/library/ssl_misc.h"
#undef mbedtls_ssl_sig_alg_is_supported

static inline int mbedtls_ssl_sig_alg_is_supported(const mbedtls_ssl_context *ssl, const uint16_t sig_alg)
{
    if (ssl->tls_version == MBEDTLS_SSL_VERSION_TLS1_2
        && sig_alg >= MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256
        && sig_alg <= MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512) {
        return 1; // the caller then checks that it was offered
    }
    return mbedtls_ssl_sig_alg_is_supported_3_6_6(ssl, sig_alg);
}
#endif
