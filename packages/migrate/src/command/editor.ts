/** Opens files in the editor of the person at the terminal. Source: Alembic `edit`. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CommandError } from "../errors.js";
import { words } from "../script/index.js";

/** Tried in this order where no variable names one. */
const EDITORS = ["sensible-editor", "editor", "nano", "vim", "code"] as const;

/**
 * The editor's command: of $VISUAL, else of $EDITOR, else the first of the usual ones that is installed. Those need a
 * terminal; what a variable names may need none.
 * @throws CommandError `migrate.no-editor`
 */
export async function findEditor(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  hasTerminal = true,
): Promise<readonly [command: string, ...args: string[]]> {
  const named = [environment.VISUAL, environment.EDITOR].find((text) => text?.trim());
  const [command, ...args] = words(named ?? "");
  if (command !== undefined) return [command, ...args];
  for (const name of hasTerminal ? EDITORS : []) {
    for (const folder of (environment.PATH ?? "").split(delimiter)) {
      if (folder === "") continue;
      const path = join(folder, name);
      const found = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      );
      if (found) return name === "code" ? [path, "--wait"] : [path];
    }
  }
  throw new CommandError("migrate.no-editor", "There is no editor: set EDITOR or VISUAL", {
    hint: hasTerminal
      ? `Neither variable is set, and none of ${EDITORS.join(", ")} is installed.`
      : "There is no terminal either that an editor could be started on.",
  });
}
/** One after the other. @throws CommandError when the editor is not there or fails */
export async function openInEditor(paths: readonly string[]): Promise<void> {
  const [command, ...args] = await findEditor(process.env, process.stdin.isTTY === true);
  for (const path of paths) {
    await new Promise<void>((done, failed) => {
      const child = spawn(command, [...args, path], { stdio: "inherit" });
      child.once("error", (cause) =>
        failed(new CommandError("migrate.editor", `Can't start the editor '${command}'`, { cause })),
      );
      child.once("exit", (code) =>
        code === 0
          ? done()
          : failed(new CommandError("migrate.editor", `The editor '${command}' ended with exit code ${code}`)),
      );
    });
  }
}
