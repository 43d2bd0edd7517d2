// Reads the rows out of a Chinook dump: the INSERT statements only, in the spelling of any of the three databases
// ([Name], `Name` or name; 'text' or N'text'). The schema comes from the models instead.

/** One table's rows as the dump writes them: strings, digits kept as text, null. */
export interface DumpedRows {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: (string | null)[][];
}

const NAME = String.raw`(?:\[\w+\]|${"`"}\w+${"`"}|\w+)`;
const INSERT = new RegExp(String.raw`INSERT INTO (${NAME}) \(([^)]*)\) VALUES\s*`, "g");
// A value and what follows it; '' inside quotes is one quote. Backslashes are text: the MySQL dump means them so, too.
const VALUE = /\s*(?:N?'((?:[^']|'')*)'|(NULL)|([-+\d.]+))\s*([,)])/y;

const bare = (name: string) => name.trim().replace(/^[[`]|[\]`]$/g, "");

/** The rows of every INSERT in `sql`, in the order of the file. */
export function* readDump(sql: string): Generator<DumpedRows> {
  INSERT.lastIndex = 0;
  for (let head = INSERT.exec(sql); head !== null; head = INSERT.exec(sql)) {
    const [, table = "", columns = ""] = head;
    const rows: (string | null)[][] = [];
    let at = INSERT.lastIndex;
    while (sql[at] === "(") {
      const row: (string | null)[] = [];
      VALUE.lastIndex = at + 1;
      for (let end = ","; end === ","; ) {
        const value = VALUE.exec(sql);
        if (value === null) throw new Error(`${bare(table)}: unreadable row near ${sql.slice(at, at + 80)}`);
        row.push(value[2] === "NULL" ? null : (value[1]?.replaceAll("''", "'") ?? value[3] ?? null));
        end = value[4] ?? "";
      }
      rows.push(row);
      // `,` and the next row, or `;` and the end.
      at = VALUE.lastIndex;
      while (/[\s,]/.test(sql[at] ?? "")) at++;
    }
    INSERT.lastIndex = at;
    yield { table: bare(table), columns: columns.split(",").map(bare), rows };
  }
}
