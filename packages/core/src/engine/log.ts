/** What `echo` prints: statements with a badge of their age, parameters cut short or hidden, begin and commit. */
import { showParameters } from "../errors/errors.js";

export type LogFunction = (line: string) => void;
/** true: statements; "debug": rows too; a function receives the lines instead of the console. */
export type Echo = boolean | "debug" | LogFunction;

const MOST_SETS = 4;

export class Logger {
  readonly rows: boolean;
  readonly #write: LogFunction;
  readonly #hide: boolean;
  readonly #echo: Exclude<Echo, false>;
  readonly #name: string | undefined;
  /** Printed before every line: which engine or request this is. */
  readonly #token: string;
  constructor(echo: Exclude<Echo, false>, hideParameters: boolean, token?: string) {
    this.rows = echo === "debug";
    this.#write = typeof echo === "function" ? echo : (line) => console.log(line);
    this.#hide = hideParameters;
    this.#echo = echo;
    this.#name = token;
    this.#token = token === undefined ? "" : `[${token}] `;
  }
  /** One more token: which connection this is. */
  withToken(token: string): Logger {
    return new Logger(this.#echo, this.#hide, this.#name === undefined ? token : `${this.#name}] [${token}`);
  }
  line(text: string): void {
    this.#write(`${this.#token}${text}`);
  }
  statement(sql: string, badge: string, params: readonly unknown[]): void {
    this.line(sql);
    this.line(`[${badge}] ${this.#parameters(params)}`);
  }
  many(sql: string, badge: string, sets: readonly (readonly unknown[])[]): void {
    this.line(sql);
    const shown = sets.slice(0, MOST_SETS).map((set) => this.#parameters(set));
    if (sets.length > MOST_SETS) shown.push(`… ${sets.length - MOST_SETS} more sets`);
    this.line(`[${badge}] ${shown.join(", ")}`);
  }
  result(rows: readonly (readonly unknown[])[]): void {
    for (const row of rows.slice(0, 20)) this.line(`Row ${this.#hide ? "[hidden]" : showParameters(row)}`);
    if (rows.length > 20) this.line(`… ${rows.length - 20} more rows`);
  }
  #parameters(params: readonly unknown[]): string {
    return this.#hide ? `[${params.length} parameters hidden]` : showParameters(params);
  }
}
/** `generated in 0.00031s`, `cached since 2.1s ago`. Times in milliseconds of `performance.now()`. */
export function ageBadge(now: number, generatedAt: number, fresh: boolean, took: number): string {
  return fresh
    ? `generated in ${(took / 1000).toFixed(5)}s`
    : `cached since ${((now - generatedAt) / 1000).toPrecision(4)}s ago`;
}
