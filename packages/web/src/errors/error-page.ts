/** The pages a visitor sees when nothing else answers: HTML, or JSON when Accept prefers it. */
import { prefersJson } from "../http/accept.js";
import { dumps } from "../http/json.js";
import { escapeHtml } from "../http/markup-like.js";
import { BadRequestKeyError, type HTTPError } from "./http-error.js";

function answer(
  html: string,
  data: unknown,
  status: number,
  request: Request,
  headers: Readonly<Record<string, string>>,
): Response {
  const all = new Headers(headers);
  const json = prefersJson(request.headers.get("accept"));
  all.set("Content-Type", json ? "application/json" : "text/html; charset=utf-8");
  all.append("Vary", "Accept");
  return new Response(json ? dumps(data) : html, { status, headers: all });
}

/** The default page of an HTTP error; the description is escaped. */
export function errorPage(error: HTTPError, request: Request, debug: boolean): Response {
  if (error.response !== undefined) return new Response(error.response.body, error.response);
  const description =
    debug && error instanceof BadRequestKeyError
      ? `${error.description} Missing field: '${error.key}'.`
      : error.description;
  const title = `${error.status} ${escapeHtml(error.statusText)}`;
  const html = `<!doctype html>\n<html lang="en">\n<title>${title}</title>\n<h1>${escapeHtml(error.statusText)}</h1>\n<p>${escapeHtml(description)}</p>\n</html>\n`;
  return answer(
    html,
    { code: error.status, name: error.statusText, description },
    error.status,
    request,
    error.headers,
  );
}

const SECRET = /cookie|authorization|token|secret|password|api-?key/i;

/** What a developer sees of an unhandled error in debug mode. It shows, it never evaluates; secrets are masked. */
export function debugPage(error: unknown, request: Request): Response {
  const chain: string[] = [];
  for (let at: unknown = error, depth = 0; at !== undefined && at !== null && depth < 5; depth++) {
    chain.push(
      at instanceof Error
        ? (at.stack ?? String(at))
        : `Thrown: ${typeof at === "object" ? JSON.stringify(at) : String(at)}`,
    );
    at = at instanceof Error ? at.cause : undefined;
  }
  const name = error instanceof Error ? error.name : "Error";
  const message = error instanceof Error ? error.message : String(error);
  const rows = [...request.headers]
    .map(([k, v]) => `<tr><th>${escapeHtml(k)}</th><td>${SECRET.test(k) ? "(hidden)" : escapeHtml(v)}</td></tr>`)
    .join("\n");
  const url = new URL(request.url);
  const html = `<!doctype html>
<html lang="en">
<title>${escapeHtml(name)}: ${escapeHtml(message)}</title>
<style>body{font:16px/1.5 system-ui;margin:2rem;max-width:70rem}pre{background:#f4f4f4;padding:1rem;overflow:auto}th{text-align:left;padding-right:1rem}</style>
<h1>${escapeHtml(name)}</h1>
<p>${escapeHtml(message)}</p>
${chain.map((text, i) => `${i > 0 ? "<p>Caused by:</p>\n" : ""}<pre>${escapeHtml(text)}</pre>`).join("\n")}
<h2>Request</h2>
<p><code>${escapeHtml(request.method)} ${escapeHtml(url.pathname)}</code></p>
<table>${rows}</table>
<p>You see this page because debug is on; visitors would get a plain 500.</p>
</html>
`;
  return answer(html, { code: 500, name, description: message, stack: chain }, 500, request, {
    "Cache-Control": "no-store",
  });
}
