/** The list that `athanor routes` prints. */
import type { App } from "./app.js";

export interface RouteRow {
  readonly endpoint: string;
  readonly methods: readonly string[];
  readonly rule: string;
}

export interface RoutesTableOptions {
  /** "match": the order in which rules were registered. Default "endpoint". */
  readonly sort?: "endpoint" | "methods" | "rule" | "match";
  /** Show HEAD and OPTIONS too. */
  readonly allMethods?: boolean;
}

export function routesTable(app: App<never> | App, options: RoutesTableOptions = {}): RouteRow[] {
  const rows = (app as App).map.rules.map((rule) => ({
    endpoint: rule.endpoint,
    methods: [...rule.methods].filter((m) => options.allMethods === true || (m !== "HEAD" && m !== "OPTIONS")).sort(),
    rule: rule.rule,
  }));
  const sort = options.sort ?? "endpoint";
  if (sort === "match") return rows;
  const key = (row: RouteRow) => (sort === "methods" ? row.methods.join(", ") : row[sort]);
  return rows.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** The same as text, in columns. */
export function formatRoutes(rows: readonly RouteRow[]): string {
  if (rows.length === 0) return "No routes were registered.";
  const table = [["Endpoint", "Methods", "Rule"], ...rows.map((r) => [r.endpoint, r.methods.join(", "), r.rule])];
  const widths = [0, 1, 2].map((i) => Math.max(...table.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join("  ")
      .trimEnd();
  return [line(table[0]!), widths.map((w) => "-".repeat(w)).join("  "), ...table.slice(1).map(line)].join("\n");
}
