/** Reads request bodies within limits: whole, as a form, or as multipart streamed through @fastify/busboy. */
import { Readable } from "node:stream";
import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import { BadRequest, ContentTooLarge } from "../errors/http-error.js";
import { UploadedFile } from "./upload.js";

/** Limits in bytes and parts; null means none. */
export interface BodyLimits {
  readonly contentLength: number | null;
  readonly formMemory: number | null;
  readonly formParts: number | null;
}

/** Fields and files in the order they were sent. */
export interface ParsedForm {
  readonly fields: readonly (readonly [string, string])[];
  readonly files: readonly (readonly [string, UploadedFile])[];
}

/** Refuses early by the announced length, before a byte is read. */
export function checkAnnounced(headers: Headers, limit: number | null): void {
  const announced = Number(headers.get("content-length") ?? 0);
  if (limit !== null && announced > limit) throw new ContentTooLarge();
}

/** The chunks of a body, cut off with 413 when they pass the limit (the announced length may be missing or a lie). */
export async function* limited(
  body: ReadableStream<Uint8Array> | null,
  limit: number | null,
): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  let total = 0;
  const reader = body.getReader();
  try {
    for (;;) {
      const step = await reader.read();
      if (step.done) return;
      total += step.value.byteLength;
      if (limit !== null && total > limit) throw new ContentTooLarge();
      yield step.value;
    }
  } finally {
    // Cancelling a drained body is harmless; of a cut-off one it tells the sender to stop.
    await reader.cancel().catch(() => undefined);
  }
}

export async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** application/x-www-form-urlencoded */
export function parseUrlEncoded(bytes: Uint8Array, limits: BodyLimits): ParsedForm {
  if (limits.formMemory !== null && bytes.byteLength > limits.formMemory) throw new ContentTooLarge();
  const fields = [...new URLSearchParams(new TextDecoder().decode(bytes))];
  if (limits.formParts !== null && fields.length > limits.formParts) throw new ContentTooLarge();
  return { fields, files: [] };
}

/**
 * multipart/form-data; limits are checked while parsing, so nothing large is ever held.
 *
 * @throws ContentTooLarge 413, BadRequest 400 for a broken body
 */
export async function parseMultipart(
  contentType: string,
  chunks: AsyncIterable<Uint8Array>,
  limits: BodyLimits,
  keep: (file: UploadedFile) => void,
): Promise<ParsedForm> {
  const fields: [string, string][] = [];
  const files: [string, UploadedFile][] = [];
  const receiving: Promise<void>[] = [];
  let memory = 0;
  let busboy: BusboyInstance;
  try {
    busboy = new Busboy({
      headers: { "content-type": contentType },
      limits: {
        // Nested forms have long names ("orders-12-lines-3-…"); the parser's own limit of 100 bytes would cut them.
        fieldNameSize: 1000,
        fieldSize: limits.formMemory === null ? Number.POSITIVE_INFINITY : limits.formMemory + 1,
        ...(limits.formParts === null ? {} : { parts: limits.formParts }),
      },
    });
  } catch (cause) {
    throw new BadRequest({ description: "The multipart form has no boundary.", cause });
  }
  await new Promise<void>((resolve, reject) => {
    const source = Readable.from(chunks);
    const fail = (error: unknown) => {
      source.destroy();
      source.unpipe(busboy);
      busboy.destroy();
      reject(error);
    };
    busboy.on("field", (name: string, value: string, nameCut: boolean, valueCut: boolean) => {
      memory += Buffer.byteLength(name) + Buffer.byteLength(value);
      if (nameCut || valueCut || (limits.formMemory !== null && memory > limits.formMemory))
        fail(new ContentTooLarge());
      else fields.push([name, value]);
    });
    busboy.on("file", (name: string, stream: BusboyFileStream, filename: string, encoding: string, type: string) => {
      const file = new UploadedFile(name, filename ?? "", type, encoding);
      keep(file);
      receiving.push(
        file.receive(stream).then(() => {
          // A file input that was left empty arrives as a nameless part of no bytes: it was not sent.
          if (file.size > 0 || file.name !== "") files.push([name, file]);
        }),
      );
      receiving.at(-1)?.catch(fail);
    });
    busboy.on("partsLimit", () => fail(new ContentTooLarge()));
    busboy.on("error", (cause: unknown) =>
      fail(new BadRequest({ description: "The multipart form is broken.", cause })),
    );
    busboy.on("finish", () => resolve());
    source.on("error", fail);
    source.pipe(busboy);
  });
  await Promise.all(receiving);
  return { fields, files };
}
