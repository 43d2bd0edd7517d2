/** An uploaded file: in memory while small, in a temporary file once large, gone when the scope ends. */
import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";

/** Bytes kept in memory before a file goes to disk. */
const SPOOL = 500_000;

/** Shaped like the web's `File`, so code written for one takes the other. The type is the client's claim: do not trust it. */
export class UploadedFile {
  /** Form field it came from. */
  readonly field: string;
  /** The client's file name, untrusted; see `secureFilename`. */
  readonly name: string;
  /** The client's content type, untrusted. */
  readonly type: string;
  readonly headers: { readonly transferEncoding: string };
  #size = 0;
  #chunks: Uint8Array[] = [];
  #folder: string | undefined;

  constructor(field: string, name: string, type: string, transferEncoding: string) {
    this.field = field;
    this.name = name;
    this.type = type;
    this.headers = { transferEncoding };
  }

  /** Flask's name for `name`. */
  get filename(): string {
    return this.name;
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** Takes in everything the client sends; used by the parser. */
  async receive(source: AsyncIterable<Uint8Array>): Promise<void> {
    let out: WriteStream | undefined;
    try {
      for await (const chunk of source) {
        this.#size += chunk.byteLength;
        if (out === undefined && this.#size <= SPOOL) {
          this.#chunks.push(chunk);
          continue;
        }
        if (out === undefined) {
          this.#folder = await mkdtemp(join(tmpdir(), "athanor-upload-"));
          out = createWriteStream(join(this.#folder, "file"), { mode: 0o600 });
          for (const early of this.#chunks) out.write(early);
          this.#chunks = [];
        }
        if (!out.write(chunk))
          await new Promise<void>((resolve, reject) => out?.once("drain", resolve).once("error", reject));
      }
    } finally {
      if (out !== undefined) {
        out.end();
        await finished(out);
      }
    }
  }

  async bytes(): Promise<Uint8Array> {
    return this.#folder === undefined ? Buffer.concat(this.#chunks) : readFile(join(this.#folder, "file"));
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return new Uint8Array(await this.bytes()).buffer;
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  stream(): ReadableStream<Uint8Array> {
    const source =
      this.#folder === undefined ? Readable.from(this.#chunks) : createReadStream(join(this.#folder, "file"));
    // Node declares its own ReadableStream type; it is the same class at run time.
    return Readable.toWeb(source) as ReadableStream<Uint8Array>;
  }

  /** Writes the file to `path`, which must be your own choice of name, never the client's. */
  async save(path: string): Promise<void> {
    if (this.#folder === undefined) await writeFile(path, Buffer.concat(this.#chunks));
    else await copyFile(join(this.#folder, "file"), path);
  }

  /** Removes the temporary file; called when the scope ends. */
  async discard(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }
}
