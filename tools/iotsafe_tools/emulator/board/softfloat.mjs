// The arithmetic of the boot ROM's floating-point tables, computed by the host.
//
// The RP2040 has no floating-point unit: the SDK calls the ROM through two tables, one of 32-bit
// and one of 64-bit routines, whose order is fixed (RP2040 datasheet, 2.8.3.2). A routine here gets
// the core's registers `r` (arguments from r0 on, results from r0 on) and the core.
//
// Conversions to integers round towards minus infinity and clamp, like the ROM's.

const f32 = new Float32Array(1);
const bits32 = new Uint32Array(f32.buffer);
const f64 = new Float64Array(1);
const bits64 = new Uint32Array(f64.buffer);

const MASK = 0xffffffffn;
const TWO_63 = 2 ** 63;
const TWO_64 = 2 ** 64;

// A number format: how a value is stored in registers from `at` on, and how many it takes.
const SINGLE = {
  words: 1,
  get(r, at) {
    bits32[0] = r[at];
    return f32[0];
  },
  put(r, at, x) {
    f32[0] = x;
    r[at] = bits32[0];
  },
};
const DOUBLE = {
  words: 2,
  get(r, at) {
    bits64[0] = r[at];
    bits64[1] = r[at + 1];
    return f64[0];
  },
  put(r, at, x) {
    f64[0] = x;
    r[at] = bits64[0];
    r[at + 1] = bits64[1];
  },
};

function toInt32(x) {
  if (Number.isNaN(x)) return 0;
  return Math.max(-2147483648, Math.min(2147483647, Math.floor(x))) >>> 0;
}

function toUint32(x) {
  return x > 0 ? Math.min(4294967295, Math.floor(x)) : 0;
}

function toInt64(x) {
  if (Number.isNaN(x)) return 0n;
  if (x >= TWO_63) return (1n << 63n) - 1n;
  return x < -TWO_63 ? -(1n << 63n) : BigInt(Math.floor(x));
}

function toUint64(x) {
  if (!(x > 0)) return 0n;
  return x >= TWO_64 ? (1n << 64n) - 1n : BigInt(Math.floor(x));
}

const getUint64 = (r) => (BigInt(r[1]) << 32n) | BigInt(r[0]);
const getInt64 = (r) => BigInt.asIntN(64, getUint64(r));
const putInt64 = (r, value) => {
  r[0] = Number(value & MASK);
  r[1] = Number((value >> 32n) & MASK);
};
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const scale = (r, at) => 2 ** (r[at] | 0); // of a fixed-point number with r[at] fraction bits

function tableFor(format) {
  const { words, get, put } = format;
  const unary = (fn) => (r) => put(r, 0, fn(get(r, 0)));
  const binary = (fn) => (r) => put(r, 0, fn(get(r, 0), get(r, words)));
  const order = (r) => {
    r[0] = compare(get(r, 0), get(r, words));
  };
  const flags = (r, core) => {
    const a = get(r, 0);
    const b = get(r, words);
    core.Z = a === b;
    core.C = a >= b;
    core.N = a < b;
    core.V = false;
  };
  const to32 = (convert) => (r) => {
    r[0] = convert(get(r, 0));
  };
  const toFixed32 = (convert) => (r) => {
    r[0] = convert(get(r, 0) * scale(r, words));
  };
  const to64 = (convert) => (r) => putInt64(r, convert(get(r, 0)));
  const toFixed64 = (convert) => (r) => putInt64(r, convert(get(r, 0) * scale(r, words)));
  const sineAndCosine = (r) => {
    const angle = get(r, 0);
    put(r, 0, Math.sin(angle));
    put(r, words, Math.cos(angle));
  };
  const other = format === SINGLE ? DOUBLE : SINGLE;

  return [
    binary((a, b) => a + b), // 0x00 add
    binary((a, b) => a - b),
    binary((a, b) => a * b),
    binary((a, b) => a / b),
    order, // 0x10 compare, fast
    flags, // compare, result in the flags
    unary(Math.sqrt),
    to32(toInt32),
    toFixed32(toInt32), // 0x20
    to32(toUint32),
    toFixed32(toUint32),
    (r) => put(r, 0, r[0] | 0), // from int32
    (r) => put(r, 0, (r[0] | 0) / scale(r, 1)), // 0x30 from fixed
    (r) => put(r, 0, r[0]), // from uint32
    (r) => put(r, 0, r[0] / scale(r, 1)),
    unary(Math.cos),
    unary(Math.sin), // 0x40
    unary(Math.tan),
    sineAndCosine,
    unary(Math.exp),
    unary(Math.log), // 0x50
    order,
    binary(Math.atan2),
    (r) => put(r, 0, Number(getInt64(r))),
    (r) => put(r, 0, Number(getInt64(r)) / scale(r, 2)), // 0x60
    (r) => put(r, 0, Number(getUint64(r))),
    (r) => put(r, 0, Number(getUint64(r)) / scale(r, 2)),
    to64(toInt64),
    toFixed64(toInt64), // 0x70
    to64(toUint64),
    toFixed64(toUint64),
    (r) => other.put(r, 0, get(r, 0)), // to the other format
  ];
}

export const SINGLE_ROUTINES = tableFor(SINGLE);
export const DOUBLE_ROUTINES = tableFor(DOUBLE);
