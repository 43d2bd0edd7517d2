/** Signs of life of a run that takes long. */
import { shownDuration } from "./duration.js";
import type { MigrationLog } from "./log.js";

/** Says every few seconds what is running, so that a quiet terminal is not taken for a dead one. */
export class Progress {
  readonly #log: MigrationLog;
  readonly #timer: NodeJS.Timeout | undefined;
  #what = "";
  #operation = "";
  #since = performance.now();

  /** `interval` in milliseconds; 0 for silence. */
  constructor(log: MigrationLog, interval: number) {
    this.#log = log;
    if (interval <= 0) return;
    this.#timer = setInterval(() => this.#tell(), interval);
    this.#timer.unref();
  }
  /** `number` of `total` begins. */
  step(what: string, number: number, total: number): void {
    this.#what = total === 1 ? what : `${what} (${number} of ${total})`;
    this.#operation = "";
    this.#since = performance.now();
  }
  operation(label: string): void {
    this.#operation = label;
    this.#since = performance.now();
  }
  end(): void {
    clearInterval(this.#timer);
  }
  #tell(): void {
    if (this.#what === "") return;
    const operation = this.#operation === "" ? "" : `: ${this.#operation}`;
    const time = shownDuration(Math.round((performance.now() - this.#since) / 100) * 100);
    this.#log.info("runtime.migration", `Still running ${this.#what}${operation}, since ${time}`);
  }
}
