/** Log lines as Alembic prints them: `INFO  [athanor.runtime.migration] Context impl PostgresqlImpl.` */

export type LogWriter = (line: string) => void;
export type Channel = "runtime.migration" | "autogenerate.compare" | "ddl.postgresql" | "env" | (string & {});

/** Progress for the person at the terminal; results of commands go elsewhere. */
export class MigrationLog {
  readonly #write: LogWriter;
  readonly #quiet: boolean;
  /** `quiet`: warnings only. */
  constructor(write: LogWriter, quiet = false) {
    this.#write = write;
    this.#quiet = quiet;
  }
  info(channel: Channel, text: string): void {
    if (this.#quiet) return;
    this.#write(`INFO  [athanor.${channel}] ${text}`);
  }
  warn(channel: Channel, text: string): void {
    this.#write(`WARNI [athanor.${channel}] ${text}`);
  }
}
