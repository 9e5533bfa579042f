// The Python module `_entropy`, which feeds the pool of entropy.c, and the chip's raw bits for that pool.
#include "py/mphal.h"
#include "py/runtime.h"

#include "hardware/structs/rosc.h"

#include "entropy.h"

// The oscillator runs at about 6 MHz. Wait between two bits, so that its phase can drift.
#define SAMPLE_US (10)

int entropy_raw_bit(void) {
    mp_hal_delay_us_fast(SAMPLE_US);
    return rosc_hw->randombit & 1;
}

// feed(data): mix in random bytes of another source. Raises ValueError if they cannot be random.
static mp_obj_t mod_entropy_feed(mp_obj_t data) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(data, &buffer, MP_BUFFER_READ);
    switch (entropy_feed(buffer.buf, buffer.len)) {
        case ENTROPY_TOO_SHORT:
            mp_raise_ValueError(MP_ERROR_TEXT("entropy: fewer than 16 bytes"));
        case ENTROPY_CONSTANT:
            mp_raise_ValueError(MP_ERROR_TEXT("entropy: the source repeats itself"));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(mod_entropy_feed_obj, mod_entropy_feed);

static const mp_rom_map_elem_t mod_entropy_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__entropy) },
    { MP_ROM_QSTR(MP_QSTR_feed), MP_ROM_PTR(&mod_entropy_feed_obj) },
};
static MP_DEFINE_CONST_DICT(mod_entropy_globals, mod_entropy_globals_table);

const mp_obj_module_t mod_entropy = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&mod_entropy_globals,
};
MP_REGISTER_MODULE(MP_QSTR__entropy, mod_entropy);
