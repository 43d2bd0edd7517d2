// npm start: loads Chinook and prints the answers. DATABASE_URL names an empty database; without it, SQLite in
// memory serves. Each answer is asked for at all three levels, and a disagreement is an error.
import { isDeepStrictEqual } from "node:util";
import { createEngine } from "athanor";
import { ask } from "./ask.js";
import { loadChinook, missingData } from "./load.js";
import { type Answer, type Cell, questions } from "./questions.js";

const SHOWN = 12;
const WIDEST = 50;

/** An answer as a table of text: numbers to the right. */
function table(headings: readonly string[], answer: Answer): string {
  const text = (cell: Cell | undefined) => {
    const whole = cell === null || cell === undefined ? "-" : String(cell);
    return whole.length > WIDEST ? `${whole.slice(0, WIDEST - 1)}…` : whole;
  };
  const rows = answer.slice(0, SHOWN);
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => text(row[i]).length)));
  const line = (cells: readonly (Cell | undefined)[], numbers = true) =>
    cells
      .map((cell, i) => {
        const right = numbers && (typeof cell === "number" || /^-?\d+\.\d+$/.test(text(cell)));
        return right ? text(cell).padStart(widths[i] ?? 0) : text(cell).padEnd(widths[i] ?? 0);
      })
      .join("  ")
      .trimEnd();
  const more = answer.length > SHOWN ? [`… and ${answer.length - SHOWN} more`] : [];
  return [
    line(headings, false),
    widths.map((w) => "─".repeat(w)).join("  "),
    ...rows.map((r) => line(r)),
    ...more,
  ].join("\n");
}

const missing = missingData();
if (missing !== undefined) {
  console.error(`Chinook cannot be loaded: ${missing}`);
  process.exit(1);
}
await using engine = createEngine(process.env.DATABASE_URL ?? "sqlite://");
const inserted = await loadChinook(engine);
const total = [...inserted.values()].reduce((a, b) => a + b, 0);
console.log(`${total} rows in ${inserted.size} tables on ${engine.dialect.name}`);

for (const [i, question] of questions.entries()) {
  const { raw, expressions, orm } = await ask(engine, question);
  if (!isDeepStrictEqual(raw, expressions) || !isDeepStrictEqual(raw, orm)) {
    throw new Error(`The levels disagree on: ${question.title}`);
  }
  console.log(`\n${i + 1}. ${question.title}\n${table(question.headings, raw)}`);
}
