// Reads a UF2 file: 512-byte blocks, each with an address and up to 476 bytes of data
// (microsoft/uf2, README). It checks everything: a file that a real boot ROM would refuse, or would
// leave half written, must not run here either.

import fs from 'node:fs';
import { UserError } from './errors.mjs';

export const XIP_BASE = 0x10000000;
const BLOCK = 512;
const MAGIC_START = [0x0a324655, 0x9e5d5157];
const MAGIC_END = 0x0ab16f30;
const NOT_MAIN_FLASH = 0x1; // flags
const FAMILY_PRESENT = 0x2000;
const RP2040_FAMILY = 0xe48bff56;
const FAMILIES = new Map([
  [0xe48bff57, 'RP2350 (absolute)'],
  [0xe48bff59, 'RP2350 (Arm)'],
  [0xe48bff5a, 'RP2350 (RISC-V)'],
  [0xe48bff5b, 'RP2350 (Arm, non-secure)'],
  [0x1c5f21b0, 'ESP32'],
  [0xc47e5767, 'ESP32-S3'],
]);
const PAGE = 256; // payload of a block: the boot ROM accepts no other size
const BOOT2 = 256; // second-stage loader: 252 bytes and their CRC
const LARGEST_FILE = 64 * 1024 * 1024;

/** CRC-32/MPEG-2, as the boot ROM computes it over the second-stage loader. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/**
 * Return the pages of a firmware: [{ offset in flash, data of 256 bytes }], in the file's order.
 * `flashSize` in bytes. Throws UserError.
 */
export function readUf2(file, flashSize) {
  const bad = (why) => new UserError(`${file} ${why}`);
  let bytes;
  try {
    if (fs.statSync(file).size > LARGEST_FILE) throw bad('is too large for a UF2 file');
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw error instanceof UserError ? error : bad(`cannot be read: ${error.code}`);
  }
  if (bytes.length < BLOCK || bytes.readUInt32LE(0) !== MAGIC_START[0]) {
    throw bad('is not a UF2 file');
  }
  if (bytes.length % BLOCK) {
    throw bad('is damaged: it does not end with a whole block; build it again');
  }
  const pages = [];
  const total = bytes.readUInt32LE(24);
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const page = readBlock(bytes.subarray(at, at + BLOCK), at / BLOCK, total, flashSize, bad);
    if (page) pages.push(page);
  }
  if (bytes.length / BLOCK !== total) {
    throw bad(`is damaged: it has ${bytes.length / BLOCK} of ${total} blocks; build it again`);
  }
  checkStart(pages, bad);
  return pages;
}

function readBlock(block, number, total, flashSize, bad) {
  const word = (index) => block.readUInt32LE(4 * index);
  const damaged = (why) => bad(`is damaged: block ${number} ${why}; build it again`);
  if (word(0) !== MAGIC_START[0] || word(1) !== MAGIC_START[1] || word(127) !== MAGIC_END) {
    throw damaged('has no magic number');
  }
  const header = Array.from({ length: 8 }, (_, i) => word(i));
  const [, , flags, address, size, index, count, family] = header;
  if (!(flags & FAMILY_PRESENT) || family !== RP2040_FAMILY) {
    const name = FAMILIES.get(family) ?? `family 0x${family.toString(16)}`;
    throw bad(`is not for the RP2040 but for ${name}; give one for an RP2040 board`);
  }
  if (index !== number || count !== total) throw damaged('is not in its place');
  if (flags & NOT_MAIN_FLASH) return null;
  const offset = address - XIP_BASE;
  if (size !== PAGE || address % PAGE) throw damaged('is not one flash page');
  if (offset < 0 || offset + size > flashSize) throw damaged('lies outside the flash');
  return { offset, data: block.subarray(32, 32 + size) };
}

function checkStart(pages, bad) {
  const first = pages.find((page) => page.offset === 0);
  if (!first) throw bad('has no data for the start of the flash: a board cannot boot from it');
  const loader = first.data.subarray(0, BOOT2);
  if (crc32(loader.subarray(0, BOOT2 - 4)) !== loader.readUInt32LE(BOOT2 - 4)) {
    throw bad('is damaged: the checksum of its boot loader is wrong; build it again');
  }
}
