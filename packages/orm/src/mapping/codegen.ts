/** Whether functions may be made from source: a Content-Security-Policy or `ATHANOR_NO_CODEGEN=1` forbids it. */
let generates: boolean | undefined;
export function canGenerate(): boolean {
  if (generates === undefined) {
    try {
      generates = process.env.ATHANOR_NO_CODEGEN !== "1" && new Function("return 1")() === 1;
    } catch {
      generates = false;
    }
  }
  return generates;
}
