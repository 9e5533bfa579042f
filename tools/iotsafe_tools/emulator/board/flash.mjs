// The board's flash chip: 2 MiB of NOR in an image file.
//
// What holds at every moment, so that the image can be used after the process was killed:
// - When the firmware goes on after an erase or a program, the file has it.
// - A sector (4 KiB) or a page (256 bytes) is one write of the file that lies in one page of the
//   host's memory, so it is there or not. `tear` makes one end in the middle, as a real power cut
//   can: some bits done, some not.
// - Erase sets bits, program clears them, nothing else happens; while `failing`, not even that.
// The host itself losing power is another matter: nothing is forced to its disk.

import fs from 'node:fs';
import { UserError } from './errors.mjs';

export const FLASH_SIZE = 2 * 1024 * 1024;
export const SECTOR = 4096;
export const PAGE = 256;
const BLOCK = 64 * 1024;

// Nanoseconds the chip is busy, typical values of the W25Q16JV that a Pico carries. The firmware
// has its interrupts off meanwhile.
const TIMES = {
  typical: { page: 400e3, sector: 45e6, block: 150e6 },
  none: { page: 0, sector: 0, block: 0 },
};

/** Numbers between 0 and 2^32 from a seed (xorshift). */
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
   * file: the image, or undefined for one that is forgotten. time: a key of TIMES.
   * onTorn: called when `tear` has had its effect. Throws UserError.
   */
  constructor(file, time, onTorn) {
    this.bytes = new Uint8Array(FLASH_SIZE).fill(0xff);
    this.times = TIMES[time];
    this.onTorn = onTorn;
    this.handle = file === undefined ? -1 : this.open(file);
    this.erases = new Uint32Array(FLASH_SIZE / SECTOR);
    this.counters = { sectors_erased: 0, pages_programmed: 0 };
    this.tearing = null; // { left: steps until then, next: generator }
    this.failing = false; // erase and program take their time and change nothing
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
          `${file} is no flash image: it has ${size} bytes, not ${FLASH_SIZE}; ` +
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

  /** Put a firmware in, as dragging a UF2 onto the board does: only its own sectors change. */
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

  /** Erase whole sectors. Returns the nanoseconds it takes. Throws RangeError. */
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

  /** Program whole pages. Returns the nanoseconds it takes. Throws RangeError. */
  program(offset, data) {
    this.check('program', offset, data.length, PAGE);
    for (let at = 0; at < data.length; at += PAGE) {
      this.counters.pages_programmed++;
      this.step(offset + at, PAGE, (old, i) => old & data[at + i]);
    }
    return (data.length / PAGE) * this.times.page;
  }

  /** Let the power fail in the middle of the step (sector or page) that comes after `after`. */
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
    const likely = torn ? this.tearing.next() : 0; // that a bit is done
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
