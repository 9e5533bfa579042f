// A faster path for the most frequent instructions; the emulator package tries one pattern after
// the other. The package still executes other instructions, accesses outside RAM and flash, and
// every instruction before which the core may take an interrupt.
//
// Each case has the same effect and cycle count as the package: host_tests compares the two.

const FLASH = 0x10000000;
const FLASH_SIZE = 0x01000000;
const RAM = 0x20000000;
const RAM_SIZE = 264 * 1024;
const PC = 15;
const SP = 13;
const MEMORY_CYCLES = 2; // for a load or store in RAM or flash

export class Interpreter {
  constructor(mcu) {
    this.core = mcu.core;
    this.registers = mcu.core.registers;
    this.flash8 = mcu.flash;
    this.flash16 = new Uint16Array(mcu.flash.buffer);
    this.flash32 = new Uint32Array(mcu.flash.buffer);
    this.ram8 = mcu.sram;
    this.ram16 = new Uint16Array(mcu.sram.buffer);
    this.ram32 = new Uint32Array(mcu.sram.buffer);
  }

  /** Execute one instruction; return its cycles. */
  step() {
    const { core, registers: r } = this;
    if (core.interruptsUpdated) return core.executeInstruction();
    const pc = r[PC];
    let opcode;
    if (pc >= FLASH && pc < FLASH + FLASH_SIZE) opcode = this.flash16[(pc - FLASH) >> 1];
    else if (pc >= RAM && pc < RAM + RAM_SIZE) opcode = this.ram16[(pc - RAM) >> 1];
    else return core.executeInstruction();

    const low = opcode & 7;
    const middle = (opcode >> 3) & 7;
    const high = (opcode >> 8) & 7;
    const imm5 = (opcode >> 6) & 31;
    const imm8 = opcode & 255;
    switch (opcode >> 11) {
      case 0b00000: { // LSLS Rd, Rm, #imm5
        const input = r[middle];
        const result = input << imm5;
        r[low] = result;
        core.N = result < 0;
        core.Z = result === 0;
        if (imm5) core.C = (input & (1 << (32 - imm5))) !== 0;
        break;
      }
      case 0b00001: { // LSRS Rd, Rm, #imm5 (0 stands for 32)
        const input = r[middle];
        const result = imm5 ? input >>> imm5 : 0;
        r[low] = result;
        core.N = false;
        core.Z = result === 0;
        core.C = ((input >>> (imm5 ? imm5 - 1 : 31)) & 1) === 1;
        break;
      }
      case 0b00100: // MOVS Rd, #imm8
        r[high] = imm8;
        core.N = false;
        core.Z = imm8 === 0;
        break;
      case 0b00101: // CMP Rn, #imm8
        core.substractUpdateFlags(r[high], imm8);
        break;
      case 0b00110: // ADDS Rdn, #imm8
        r[high] = core.addUpdateFlags(r[high], imm8);
        break;
      case 0b00111: // SUBS Rdn, #imm8
        r[high] = core.substractUpdateFlags(r[high], imm8);
        break;
      case 0b01001: // LDR Rt, [PC, #imm8 * 4]
        return this.load32(high, ((pc + 4) & ~3) + imm8 * 4);
      case 0b01100: // STR Rt, [Rn, #imm5 * 4]
        return this.store32(low, r[middle] + imm5 * 4);
      case 0b01101: // LDR Rt, [Rn, #imm5 * 4]
        return this.load32(low, r[middle] + imm5 * 4);
      case 0b01110: { // STRB Rt, [Rn, #imm5]
        const at = r[middle] + imm5 - RAM;
        if (at < 0 || at >= RAM_SIZE) return core.executeInstruction();
        this.ram8[at] = r[low];
        r[PC] = pc + 2;
        return MEMORY_CYCLES;
      }
      case 0b01111: // LDRB Rt, [Rn, #imm5]
        return this.load8(low, r[middle] + imm5);
      case 0b01011: // LDRB Rt, [Rn, Rm] among others
        if (opcode >> 9 !== 0b0101110) return core.executeInstruction();
        return this.load8(low, r[middle] + r[(opcode >> 6) & 7]);
      case 0b10001: { // LDRH Rt, [Rn, #imm5 * 2]
        const address = r[middle] + imm5 * 2;
        const at = address - RAM;
        if (at < 0 || at >= RAM_SIZE || at & 1) return core.executeInstruction();
        r[low] = this.ram16[at >> 1];
        r[PC] = pc + 2;
        return MEMORY_CYCLES;
      }
      case 0b10010: // STR Rt, [SP, #imm8 * 4]
        return this.store32(high, r[SP] + imm8 * 4);
      case 0b10011: // LDR Rt, [SP, #imm8 * 4]
        return this.load32(high, r[SP] + imm8 * 4);
      case 0b11010: // B<cond> #imm8 * 2
      case 0b11011: {
        if ((opcode & 0x0e00) === 0x0e00) return core.executeInstruction(); // UDF, SVC
        const taken = core.checkCondition((opcode >> 8) & 15);
        r[PC] = pc + (taken ? 4 + ((opcode << 24) >> 23) : 2);
        return taken ? 2 : 1;
      }
      default:
        return core.executeInstruction();
    }
    r[PC] = pc + 2;
    return 1;
  }

  load32(register, address) {
    const { registers: r } = this;
    const inRam = address - RAM;
    const inFlash = address - FLASH;
    if (address & 3) return this.core.executeInstruction();
    if (inRam >= 0 && inRam < RAM_SIZE) r[register] = this.ram32[inRam >> 2];
    else if (inFlash >= 0 && inFlash < FLASH_SIZE) r[register] = this.flash32[inFlash >> 2];
    else return this.core.executeInstruction();
    r[PC] += 2;
    return MEMORY_CYCLES;
  }

  load8(register, address) {
    const { registers: r } = this;
    const inRam = address - RAM;
    const inFlash = address - FLASH;
    if (inRam >= 0 && inRam < RAM_SIZE) r[register] = this.ram8[inRam];
    else if (inFlash >= 0 && inFlash < FLASH_SIZE) r[register] = this.flash8[inFlash];
    else return this.core.executeInstruction();
    r[PC] += 2;
    return MEMORY_CYCLES;
  }

  store32(register, address) {
    const { registers: r } = this;
    const at = address - RAM;
    if (at < 0 || at >= RAM_SIZE || at & 3) return this.core.executeInstruction();
    this.ram32[at >> 2] = r[register];
    r[PC] += 2;
    return MEMORY_CYCLES;
  }
}

/** The package's chip with a faster path for words written to RAM. */
export function withFastRam(RP2040) {
  return class extends RP2040 {
    writeUint32(address, value) {
      const at = (address >>> 0) - RAM;
      if (at >= 0 && at + 3 < RAM_SIZE) this.sramView.setUint32(at, value, true);
      else super.writeUint32(address, value);
    }
  };
}
