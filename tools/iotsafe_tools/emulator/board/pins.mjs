// The board's pins as the world outside sees and drives them.
//
// The chip drives a pin high or low, or leaves it alone; outside, it is driven high or low, or
// left open. What the pin reads is the chip's level if it drives, else the outside's, else that
// of the pull resistor, else low. (The emulator package leaves all of that to its user.)

const LOW = 0; // states of a pin in the emulator package
const HIGH = 1;
const PULLED_UP = 3;
const BUS_KEEPER = 5;
const EVENTS_AT_ONCE = 64; // per pin until `flush`; of a faster signal only the last is told

export const PIN_COUNT = 30;

export class Pins {
  /** report(pin, value, lost): the chip drives `pin` to 0 or 1, or (null) lets it go; `lost`
   * changes before that one were too fast to be told. */
  constructor(report) {
    this.report = report;
    this.active = false; // some pin has changed since `flush`
    this.pins = Array.from({ length: PIN_COUNT }, () => ({
      outside: null, // 0, 1, or null: open
      told: null, // value last reported
      burst: 0, // reports since `flush`
      lost: 0,
      gpio: null,
    }));
  }

  /** Take the pins of a chip, new or just reset; null: there is none, nothing is driven. */
  attach(mcu) {
    this.pins.forEach((pin, number) => {
      pin.gpio = mcu && mcu.gpio[number];
      pin.gpio?.addListener(() => this.changed(number));
      this.changed(number);
    });
  }

  /** Drive a pin from outside: 0, 1, or null to leave it open. */
  drive(number, value) {
    this.pins[number].outside = value;
    this.changed(number);
  }

  /** What the chip drives a pin to: 0, 1 or null. */
  value(number) {
    const state = this.pins[number].gpio?.value;
    return state === LOW || state === HIGH ? state : null;
  }

  changed(number) {
    const pin = this.pins[number];
    const driven = this.value(number);
    if (pin.gpio) {
      const level = Boolean(driven ?? pin.outside ?? this.pull(pin.gpio));
      if (pin.gpio.rawInputValue !== level) pin.gpio.setInputValue(level);
    }
    if (driven === pin.told) return;
    pin.burst++;
    this.active = true;
    if (pin.burst > EVENTS_AT_ONCE) pin.lost++;
    else this.tell(number, driven);
  }

  pull(gpio) {
    if (gpio.value === BUS_KEEPER) return gpio.rawInputValue;
    return gpio.value === PULLED_UP;
  }

  tell(number, value) {
    const pin = this.pins[number];
    const { lost } = pin;
    pin.told = value;
    pin.lost = 0;
    this.report(number, value, lost);
  }

  flush() {
    if (!this.active) return;
    this.active = false;
    this.pins.forEach((pin, number) => {
      const driven = this.value(number);
      if (pin.burst > EVENTS_AT_ONCE && driven !== pin.told) this.tell(number, driven);
      pin.burst = 0;
    });
  }
}
