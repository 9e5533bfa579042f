// Programs a part of a flash page. The boot ROM programs whole pages of 256 bytes, so littlefs would need
// caches of 1 KB for itself and for each open file: file_system.py mounts it with smaller ones.
//
// The rest of the page is padded with ones, which leave NOR flash as it is: programming clears bits only.
#include <string.h>
#include "hardware/flash.h"

void __real_flash_range_program(uint32_t offset, const uint8_t *data, size_t count);

void __wrap_flash_range_program(uint32_t offset, const uint8_t *data, size_t count) {
    uint8_t page[FLASH_PAGE_SIZE];
    while (count > 0) {
        size_t start = offset % FLASH_PAGE_SIZE;
        size_t length = FLASH_PAGE_SIZE - start;
        if (start == 0 && count >= FLASH_PAGE_SIZE) {
            length = count - count % FLASH_PAGE_SIZE;
            __real_flash_range_program(offset, data, length);
        } else {
            if (length > count) {
                length = count;
            }
            memset(page, 0xff, sizeof(page));
            memcpy(page + start, data, length);
            __real_flash_range_program(offset - start, page, sizeof(page));
        }
        offset += length;
        data += length;
        count -= length;
    }
}
