/** A small logger: one line per message on stderr. Replace it by `createApp(meta, { logger })`. */
import { format } from "node:util";

/** What the app needs of a logger; console, pino and LogTape fit. */
export interface Logger {
  debug(...args: unknown[]): void;
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

/**
 * @param name shown in each line
 * @param isDebug asked per message, so that switching debug on later works
 * @param label names the running request, "" outside
 */
export function stderrLogger(name: string, isDebug: () => boolean, label: () => string): Logger {
  const write = (level: string, args: unknown[]) => {
    const where = label();
    process.stderr.write(
      `[${new Date().toISOString()}] ${level} in ${name}${where === "" ? "" : ` (${where})`}: ${format(...args)}\n`,
    );
  };
  return {
    debug: (...args) => {
      if (isDebug()) write("DEBUG", args);
    },
    info: (...args) => {
      if (isDebug()) write("INFO", args);
    },
    warn: (...args) => write("WARNING", args),
    error: (...args) => write("ERROR", args),
  };
}
