/** Password hashes in Werkzeug's format, readable by Flask apps and the other way round. */
import { pbkdf2, randomInt, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { WebError } from "../errors/web-error.js";

const derivePbkdf2 = promisify(pbkdf2);
const SALT_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** What a hash in the database may ask of us, at most: protects against a planted hash that eats all memory. */
const MAX_MEMORY = 512 * 1024 * 1024;

function deriveScrypt(password: string, salt: string, n: number, r: number, p: number): Promise<Buffer> {
  // Node's default ceiling of 32 MiB is below what these parameters need.
  const needed = 132 * n * r * p;
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 64, { N: n, r, p, maxmem: Math.min(needed, MAX_MEMORY) }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

type Method =
  | { readonly kind: "scrypt"; readonly n: number; readonly r: number; readonly p: number }
  | { readonly kind: "pbkdf2"; readonly digest: string; readonly rounds: number };

function parseMethod(text: string): Method | null {
  const [kind, a, b, c, extra] = text.split(":");
  const positive = (part: string | undefined, fallback: number): number =>
    part === undefined ? fallback : /^\d{1,9}$/.test(part) ? Number(part) : 0;
  if (kind === "scrypt" && extra === undefined) {
    const [n, r, p] = [positive(a, 32768), positive(b, 8), positive(c, 1)];
    return n > 1 && r > 0 && p > 0 ? { kind, n, r, p } : null;
  }
  if (kind === "pbkdf2" && c === undefined) {
    const rounds = positive(b, 1_000_000);
    return rounds > 0 && rounds <= 10_000_000 && (a === undefined || /^(sha1|sha256|sha512)$/.test(a))
      ? { kind, digest: a ?? "sha256", rounds }
      : null;
  }
  return null;
}

function derive(method: Method, password: string, salt: string): Promise<Buffer> {
  if (method.kind === "scrypt") return deriveScrypt(password, salt, method.n, method.r, method.p);
  const length = { sha1: 20, sha256: 32, sha512: 64 }[method.digest] ?? 32;
  return derivePbkdf2(password, salt, method.rounds, length, method.digest);
}

/**
 * Hashes a password, in about a quarter of a second and without blocking the event loop.
 *
 * @param options method "scrypt" (default, "scrypt:32768:8:1") or "pbkdf2:sha256:1000000"
 * @returns "method$salt$hex", about 160 characters
 */
export async function generatePasswordHash(
  password: string,
  options: { readonly method?: string; readonly saltLength?: number } = {},
): Promise<string> {
  const method = parseMethod(options.method ?? "scrypt");
  if (method === null)
    throw new WebError(
      "password-method",
      `The password method '${options.method}' is not known. Use "scrypt", "scrypt:N:r:p" or "pbkdf2:sha256:rounds".`,
    );
  const length = options.saltLength ?? 16;
  if (!Number.isInteger(length) || length < 1)
    throw new WebError("password-method", `The salt needs a length of at least 1, not ${length}.`);
  const salt = Array.from({ length }, () => SALT_CHARS[randomInt(SALT_CHARS.length)]).join("");
  const spelt =
    method.kind === "scrypt"
      ? `scrypt:${method.n}:${method.r}:${method.p}`
      : `pbkdf2:${method.digest}:${method.rounds}`;
  return `${spelt}$${salt}$${(await derive(method, password, salt)).toString("hex")}`;
}

/** Whether the password fits the hash; a malformed hash is simply false. Compares in constant time. */
export async function checkPasswordHash(hash: string | null | undefined, password: string): Promise<boolean> {
  const [spelt, salt, hex, extra] = (hash ?? "").split("$");
  if (
    spelt === undefined ||
    salt === undefined ||
    hex === undefined ||
    extra !== undefined ||
    !/^([0-9a-f]{2})+$/i.test(hex)
  )
    return false;
  const method = parseMethod(spelt);
  if (method === null) return false;
  try {
    const made = await derive(method, password, salt);
    const given = Buffer.from(hex, "hex");
    return made.length === given.length && timingSafeEqual(made, given);
  } catch {
    return false;
  }
}
