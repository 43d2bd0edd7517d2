/** The one question the command line asks: whether a column is new or was renamed. Never without a terminal. */
import { createInterface } from "node:readline/promises";
import type { CompareOptions } from "../autogenerate/index.js";

/** As much of a stream as is asked for. */
export interface TerminalLike {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean | undefined };
}

/** Undefined where there is nobody to answer: a pipe, CI. */
export function renameQuestion(
  terminal: TerminalLike = { input: process.stdin, output: process.stderr },
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CompareOptions["askRename"] {
  if (!terminal.input.isTTY || !terminal.output.isTTY || environment.CI) return undefined;
  return async ({ table, column }, lost) => {
    const asking = createInterface(terminal);
    try {
      const list = lost.map((name, i) => `  ${i + 1}  renamed from '${name}'`).join("\n");
      const answer = await Promise.race([
        asking.question(`Column '${table}.${column}' is not in the database:\n  0  it is new\n${list}\nWhich? [0] `),
        // End of input is no answer.
        new Promise<string>((resolve) => asking.once("close", () => resolve(""))),
      ]);
      return lost[Number(answer.trim() || "0") - 1];
    } finally {
      asking.close();
    }
  };
}
