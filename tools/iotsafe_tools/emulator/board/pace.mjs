// Runs the board in slices of real time, and keeps board time and wall time together.
//
// Board time never runs ahead of wall time. While the core waits for an interrupt, both run
// together. While the core works, the host is slower than the chip. Then the mode decides:
//   "cpu":  board time counts executed cycles. It falls behind and stays behind; the wall clock is
//           anchored again. Durations in board time are those of the chip.
//   "wall": board time jumps forward to the wall clock. Time-outs against the outside world are
//           right, and the chip looks slower than it is.
// During `skip`, board time jumps from one alarm to the next instead of waiting for the wall clock.

import { performance } from 'node:perf_hooks';

const SLICE = 1e6; // nanoseconds of wall time between two checks of the sockets
const SLACK = 2e6; // nanoseconds that board time may lag before it is behind
const BURST = 50; // instructions between two checks of the board's clock
const BURSTS = 40; // bursts between two checks of the wall clock
const SHORT = 5e5; // nanoseconds; a shorter sleep is not worth a timer
const LONGEST_SLEEP = 20e6;

const wallNanos = () => performance.now() * 1e6;

export class Pace {
  /** mode: "cpu" or "wall". flush: called after each slice. */
  constructor(board, mode, flush) {
    Object.assign(this, { board, mode, flush });
    this.instructions = 0;
    this.busy = 0; // nanoseconds of wall time spent in slices
    this.toSkip = 0; // nanoseconds of idle board time to skip
    this.anchor = null; // { mcu, wall, board }: the last moment when both clocks agreed
    this.timer = null;
    this.immediate = null;
    this.running = false;
  }

  /** Continue now: something has happened outside. */
  kick() {
    if (this.running || this.immediate) return;
    clearTimeout(this.timer);
    this.timer = null;
    this.immediate = setImmediate(() => this.slice());
  }

  /** Do not wait for the wall clock during the next `nanos` of idle board time. */
  skip(nanos) {
    this.toSkip = nanos;
  }

  slice() {
    this.immediate = this.timer = null;
    this.running = true;
    const start = wallNanos();
    const sleep = this.run(start + SLICE);
    this.flush();
    this.busy += wallNanos() - start;
    this.running = false;
    if (sleep === null) return;
    if (sleep < SHORT) this.immediate = setImmediate(() => this.slice());
    else this.timer = setTimeout(() => this.slice(), Math.min(sleep, LONGEST_SLEEP) / 1e6);
  }

  /** Run until wall time `end`; return the idle time that follows, null: until a kick. */
  run(end) {
    const { board } = this;
    for (;;) {
      board.settle();
      const { mcu } = board;
      if (mcu === null) return null;
      const { clock, core } = mcu;
      const now = wallNanos();
      if (this.anchor?.mcu !== mcu) this.anchor = { mcu, wall: now, board: clock.nanos };
      const limit = this.anchor.board + now - this.anchor.wall;
      if (core.waiting || board.halted !== null) {
        const due = clock.nextAlarm ? clock.nextAlarm.nanos : Infinity;
        if (due > limit && this.toSkip > 0) {
          this.jump(mcu, Math.min(due - clock.nanos, this.toSkip), now);
        } else if (due > limit) {
          if (limit > clock.nanos) clock.tick(limit - clock.nanos);
          return due - limit;
        } else {
          clock.tick(Math.max(0, due - clock.nanos));
        }
      } else if (clock.nanos > limit) {
        return clock.nanos - limit; // the flash chip was busy for a long time
      } else {
        this.execute(mcu);
        if (clock.nanos < limit - SLACK) this.catchUp(clock, limit);
      }
      if (now > end) return 0;
    }
  }

  jump(mcu, nanos, now) {
    const { board } = this;
    mcu.clock.tick(nanos);
    this.anchor = { mcu, wall: now, board: mcu.clock.nanos };
    this.toSkip -= nanos;
    if (this.toSkip <= 0) board.emit({ event: 'skipped', us: board.us });
  }

  execute(mcu) {
    const { clock, core } = mcu;
    const { board } = this;
    const { interpreter } = board;
    for (let n = 0; n < BURSTS && !core.waiting; n++) {
      const nanosPerCycle = 1e9 / mcu.clkSys;
      let cycles = 0;
      let count = 0;
      for (; count < BURST && !core.waiting; count++) cycles += interpreter.step();
      this.instructions += count;
      clock.tick(cycles * nanosPerCycle);
      if (board.pending !== null || board.halted !== null) return;
    }
  }

  catchUp(clock, limit) {
    if (this.mode === 'wall') clock.tick(limit - clock.nanos);
    else this.anchor = { ...this.anchor, wall: wallNanos(), board: clock.nanos };
  }
}
