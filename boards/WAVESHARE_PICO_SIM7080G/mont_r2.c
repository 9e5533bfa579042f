// R^2 mod N with R = 2^(32 * limbs of N), which the first use of an RSA key needs. mbedTLS divides 2^(64 *
// limbs) by N, which takes 5 KB of heap with RSA-4096, while 3 KB of the verification are there already.
// Doubling takes the result's 512 bytes, and 0.1 s.
#include "mbedtls/bignum.h"

int __wrap_mbedtls_mpi_core_get_mont_r2_unsafe(mbedtls_mpi *X, const mbedtls_mpi *N);

int __wrap_mbedtls_mpi_core_get_mont_r2_unsafe(mbedtls_mpi *X, const mbedtls_mpi *N) {
    int ret;
    size_t limbs = N->MBEDTLS_PRIVATE(n);
    size_t power = mbedtls_mpi_bitlen(N) - 1; // N is odd, so 2^power is less than N

    MBEDTLS_MPI_CHK(mbedtls_mpi_grow(X, limbs + 1));
    MBEDTLS_MPI_CHK(mbedtls_mpi_lset(X, 0));
    MBEDTLS_MPI_CHK(mbedtls_mpi_set_bit(X, power, 1));
    for (; power < 2 * limbs * sizeof(mbedtls_mpi_uint) * 8; power++) {
        MBEDTLS_MPI_CHK(mbedtls_mpi_shift_l(X, 1));
        if (mbedtls_mpi_cmp_abs(X, N) >= 0) {
            MBEDTLS_MPI_CHK(mbedtls_mpi_sub_abs(X, X, N));
        }
    }
    ret = mbedtls_mpi_shrink(X, limbs);

cleanup:
    return ret;
}
