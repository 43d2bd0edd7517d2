/** Progress lines of commands that write files: `  Generating /app/migrations/README ...  done`. */

export type Print = (line: string) => void;

/** Runs the work and prints its line, with "done" or "FAILED". */
export async function status<T>(print: Print, text: string, work: () => Promise<T>): Promise<T> {
  try {
    const result = await work();
    print(`  ${text} ...  done`);
    return result;
  } catch (error) {
    print(`  ${text} ...  FAILED`);
    throw error;
  }
}
