// The board's pins as the outside world sees and drives them.
//
// The chip drives a pin high or low, or not at all; the outside does the same. A pin reads the
// chip's level if the chip drives it, else the outside's level, else that of the pull resistor,
// else low. (The emulator package leaves all of this to its user.)

const LOW = 0; // states of a pin in the emulator package
const HIGH = 1;
const PULLED_UP = 3;
const BUS_KEEPER = 5;
const EVENTS_AT_ONCE = 64; // per pin until `flush`; of a faster signal only the last is reported

export const PIN_COUNT = 30;

export class Pins {
  /** report(pin, value, lost): the chip drives `pin` to 0 or 1, or (null) stops driving it; `lost`
   * earlier changes were too fast to report. */
  constructor(report) {
    this.report = report;
    this.active = false; // whether a pin has changed since `flush`
    this.pins = Array.from({ length: PIN_COUNT }, () => ({
      outside: null, // 0, 1, or null: open
      reported: null, // last reported value
      burst: 0, // reports since `flush`
      lost: 0,
      gpio: null,
    }));
  }

  /** Attach the pins of a chip that is new or was just reset; null: no chip, no pin is driven. */
  attach(mcu) {
    this.pins.forEach((pin, number) => {
      pin.gpio = mcu && mcu.gpio[number];
      pin.gpio?.addListener(() => this.changed(number));
      this.changed(number);
    });
  }

  /** Drive a pin from outside to 0 or 1; null leaves it open. */
  drive(number, value) {
    this.pins[number].outside = value;
    this.changed(number);
  }

  /** Return the level that the chip drives: 0, 1 or null. */
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
    if (driven === pin.reported) return;
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
    pin.reported = value;
    pin.lost = 0;
    this.report(number, value, lost);
  }

  flush() {
    if (!this.active) return;
    this.active = false;
    this.pins.forEach((pin, number) => {
      const driven = this.value(number);
      if (pin.burst > EVENTS_AT_ONCE && driven !== pin.reported) {
        pin.lost--; // the last change: it is reported now
        this.tell(number, driven);
      }
      pin.burst = 0;
    });
  }
}
