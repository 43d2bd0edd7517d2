/** While the project cannot be imported, the debugging server answers with the reason. */
import { createServer } from "node:http";
import { inspect } from "node:util";

const escape = (text: string) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

/**
 * Prints the error and serves it on every path with status 500.
 *
 * @returns closes the server
 */
export async function serveFailure(error: unknown, host: string, port: number): Promise<() => Promise<void>> {
  const text = error instanceof Error ? (error.stack ?? String(error)) : inspect(error);
  process.stderr.write(`${text}\n`);
  const page = `<!doctype html>
<html lang="en">
<title>The app could not be loaded</title>
<style>body{font:16px/1.5 system-ui;margin:2rem;max-width:70rem}pre{background:#f4f4f4;padding:1rem;overflow:auto}</style>
<h1>The app could not be loaded</h1>
<pre>${escape(text)}</pre>
<p>Mend the file and save it: the server starts again by itself.</p>
</html>
`;
  const server = createServer((_request, response) => {
    response.writeHead(500, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" }).end(page);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
}
