// The board's flash chip: 2 MiB of NOR flash in an image file.
//
// These rules always hold, so the image is usable after the process was killed:
// - When the firmware continues after an erase or program, the file has the result.
// - A sector (4 KiB) or a page (256 bytes) is one write to the file, within one page of the host's
//   memory, so it is complete or absent. `tear` stops one in the middle, as a real power cut can:
//   some bits are done, some are not.
// - Erase sets bits, program clears bits, nothing else changes; while `failing`, nothing changes.
// The rules do not cover a power loss of the host: nothing is forced to its disk.

import fs from 'node:fs';
import { UserError } from './errors.mjs';

export const FLASH_SIZE = 2 * 1024 * 1024;
export const SECTOR = 4096;
export const PAGE = 256;
const BLOCK = 64 * 1024;

// Nanoseconds for which the chip is busy: typical values of the Pico's W25Q16JV. The firmware keeps
// its interrupts off meanwhile.
const TIMES = {
  typical: { page: 400e3, sector: 45e6, block: 150e6 },
  none: { page: 0, sector: 0, block: 0 },
};

/** Generate numbers between 0 and 2^32 from a seed (xorshift). */
function generator(seed) {
  let x = seed >>> 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>>= 0);
  };
}

export class Flash {
  /**
   * file: the image; undefined: keep no image. time: a key of TIMES.
   * onTorn: called after `tear` has taken effect. Throws UserError.
   */
  constructor(file, time, onTorn) {
    this.bytes = new Uint8Array(FLASH_SIZE).fill(0xff);
    this.times = TIMES[time];
    this.onTorn = onTorn;
    this.handle = file === undefined ? -1 : this.open(file);
    this.erases = new Uint32Array(FLASH_SIZE / SECTOR);
    this.counters = { sectors_erased: 0, pages_programmed: 0 };
    this.tearing = null; // { left: steps until the tear, next: generator }
    this.failing = false; // true: erase and program take their time but change nothing
  }

  open(file) {
    try {
      if (!fs.existsSync(file)) {
        fs.writeFileSync(`${file}.new`, this.bytes);
        fs.renameSync(`${file}.new`, file);
      }
      const size = fs.statSync(file).size;
      if (size !== FLASH_SIZE) {
        throw new UserError(
          `${file} is not a flash image: it has ${size} bytes, not ${FLASH_SIZE}; ` +
            'remove it to get a new one',
        );
      }
      const handle = fs.openSync(file, 'r+');
      fs.readSync(handle, this.bytes, 0, FLASH_SIZE, 0);
      return handle;
    } catch (error) {
      if (error instanceof UserError) throw error;
      throw new UserError(`the flash image ${file} cannot be used: ${error.code}`);
    }
  }

  /** Write a firmware, as dragging a UF2 onto the board does: only its own sectors change. */
  install(pages) {
    const sectors = new Map();
    for (const { offset, data } of pages) {
      const start = offset - (offset % SECTOR);
      if (!sectors.has(start)) sectors.set(start, new Uint8Array(SECTOR).fill(0xff));
      sectors.get(start).set(data, offset - start);
    }
    for (const [start, content] of sectors) {
      const old = this.bytes.subarray(start, start + SECTOR);
      if (Buffer.compare(old, content) === 0) continue;
      old.set(content);
      this.save(start, SECTOR);
    }
  }

  /** Erase whole sectors. Return the time it takes in nanoseconds. Throws RangeError. */
  erase(offset, length) {
    this.check('erase', offset, length, SECTOR);
    let nanos = 0;
    for (let at = offset; at < offset + length; at += SECTOR) {
      const inBlock = at - (at % BLOCK) >= offset && at - (at % BLOCK) + BLOCK <= offset + length;
      nanos += inBlock ? (this.times.block * SECTOR) / BLOCK : this.times.sector;
      this.erases[at / SECTOR]++;
      this.counters.sectors_erased++;
      this.step(at, SECTOR, () => 0xff);
    }
    return nanos;
  }

  /** Program whole pages. Return the time it takes in nanoseconds. Throws RangeError. */
  program(offset, data) {
    this.check('program', offset, data.length, PAGE);
    for (let at = 0; at < data.length; at += PAGE) {
      this.counters.pages_programmed++;
      this.step(offset + at, PAGE, (old, i) => old & data[at + i]);
    }
    return (data.length / PAGE) * this.times.page;
  }

  /** Cut the power in the middle of the step (sector or page) that follows `after` more steps. */
  tear(after, seed) {
    this.tearing = { left: after, next: generator(seed) };
  }

  check(what, offset, length, unit) {
    if (offset % unit || length % unit || offset + length > FLASH_SIZE) {
      throw new RangeError(
        `flash ${what} of ${length} bytes at 0x${offset.toString(16)}: ` +
          `not whole units of ${unit} in the chip`,
      );
    }
  }

  step(offset, length, change) {
    if (this.failing) return;
    const cells = this.bytes.subarray(offset, offset + length);
    const torn = this.tearing !== null && this.tearing.left-- === 0;
    const likely = torn ? this.tearing.next() : 0; // likelihood that a bit is done
    for (let i = 0; i < length; i++) {
      const old = cells[i];
      let changing = old ^ change(old, i);
      if (torn) {
        for (let bit = 1; bit < 256; bit <<= 1) if (this.tearing.next() > likely) changing &= ~bit;
      }
      cells[i] = old ^ changing;
    }
    this.save(offset, length);
    if (torn) this.onTorn();
  }

  save(offset, length) {
    if (this.handle >= 0) fs.writeSync(this.handle, this.bytes, offset, length, offset);
  }

  get wear() {
    return this.erases.reduce((most, count) => Math.max(most, count), 0);
  }
}
