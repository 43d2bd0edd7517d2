/**
 * Writes a file so that nobody ever sees half of it, and never over an existing one.
 */
import { randomBytes } from "node:crypto";
import { link, open, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ScriptError } from "../errors.js";

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** @throws ScriptError `migrate.file-exists` */
export async function writeNewFile(path: string, text: string): Promise<void> {
  // The leading dot keeps a directory listing from taking the draft for a revision.
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString("hex")}.tmp`);
  const file = await open(draft, "wx");
  try {
    await file.writeFile(text, "utf8");
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
    await unlink(draft);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "EEXIST" && (await missing(path))) {
      // A file system without hard links: the check and the rename are as close as it gets.
      await rename(draft, path);
      return;
    }
    await unlink(draft);
    if (code !== "EEXIST") throw error;
    throw new ScriptError("migrate.file-exists", `File ${path} already exists`, { cause: error });
  }
}

async function missing(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    (error: unknown) => codeOf(error) === "ENOENT",
  );
}
