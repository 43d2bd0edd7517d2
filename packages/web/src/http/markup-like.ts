/** Recognises safe HTML from any engine: our Markup, Hono's `html` and JSX all carry `isEscaped`. */
export function isMarkup(value: unknown): value is { toString(): string; readonly isEscaped: true } {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return (value as { isEscaped?: unknown }).isEscaped === true;
}

/** Escapes text for HTML, with the entities Jinja writes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (ch) =>
    ch === "&" ? "&amp;" : ch === "<" ? "&lt;" : ch === ">" ? "&gt;" : ch === '"' ? "&#34;" : "&#39;",
  );
}
