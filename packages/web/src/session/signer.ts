/** Signs text with a time stamp, so that it can travel through a browser (itsdangerous: URLSafeTimedSerializer, whose format this is). */
import { createHmac, timingSafeEqual } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import { WebError } from "../errors/web-error.js";

export type Secret = string | Uint8Array;

/** Why a signed text was not accepted. */
export type SignatureFault = "malformed" | "bad-signature" | "expired" | "from-the-future";

/** A signed text that must not be trusted. */
export class BadSignature extends WebError {
  readonly reason: SignatureFault;
  constructor(reason: SignatureFault) {
    const text: Record<SignatureFault, string> = {
      malformed: "The signed text is not in the expected form.",
      "bad-signature":
        "The signature does not match: the text was changed, or signed with another key or for another purpose.",
      expired: "The signature is too old.",
      "from-the-future": "The signature carries a time that has not come yet.",
    };
    super("signature", text[reason]);
    this.reason = reason;
  }
}

export interface SignerOptions {
  /** Separates purposes: a text signed for one does not verify for another. */
  readonly salt: string;
  /** Default "sha256"; Flask's own cookies use "sha1". */
  readonly digest?: "sha1" | "sha256" | "sha512";
}

const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");

function packTime(seconds: number): string {
  let hex = Math.trunc(seconds).toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  return b64(Buffer.from(hex, "hex"));
}

/** Seconds of clock difference between two servers that are forgiven. */
const LEEWAY = 60;

/**
 * The first key signs, every key verifies, so keys can be rotated.
 *
 * @example const signer = new TimedSigner(app.secretKeys(), { salt: "csrf" }); signer.unsign(signer.sign("abc"), { maxAge: 3600 });
 */
export class TimedSigner {
  readonly #keys: readonly Buffer[];
  readonly #digest: string;

  constructor(secrets: Secret | readonly Secret[], options: SignerOptions) {
    const list = typeof secrets === "string" || secrets instanceof Uint8Array ? [secrets] : secrets;
    if (list.length === 0 || list.some((s) => s.length === 0))
      throw new WebError(
        "no-secret-key",
        "Signing needs a secret key that is not empty. Set SECRET_KEY, for example to the output of: node -e \"console.log(require('crypto').randomBytes(32).toString('hex'))\"",
      );
    this.#digest = options.digest ?? "sha256";
    this.#keys = list.map((secret) => createHmac(this.#digest, secret).update(options.salt).digest());
  }

  #signature(key: Buffer, value: string): Buffer {
    return createHmac(this.#digest, key).update(value).digest();
  }

  /** Gives "value.time.signature". @param now seconds since 1970 */
  sign(value: string, now: number = Date.now() / 1000): string {
    const stamped = `${value}.${packTime(now)}`;
    return `${stamped}.${b64(this.#signature(this.#keys[0]!, stamped))}`;
  }

  /**
   * The value and the time it was signed (seconds since 1970).
   *
   * @param options maxAge in seconds; null: any age
   * @throws BadSignature
   */
  unsign(
    signed: string,
    options: { readonly maxAge?: number | null; readonly now?: number } = {},
  ): { readonly value: string; readonly time: number } {
    const second = signed.lastIndexOf(".");
    const first = signed.lastIndexOf(".", second - 1);
    if (second <= 0 || first < 0) throw new BadSignature("malformed");
    const stamped = signed.slice(0, second);
    const given = Buffer.from(signed.slice(second + 1), "base64url");
    const valid = this.#keys.some((key) => {
      const expected = this.#signature(key, stamped);
      return expected.length === given.length && timingSafeEqual(expected, given);
    });
    if (!valid) throw new BadSignature("bad-signature");
    const stamp = Buffer.from(signed.slice(first + 1, second), "base64url");
    const time = stamp.length === 0 || stamp.length > 6 ? Number.NaN : stamp.readUIntBE(0, stamp.length);
    if (Number.isNaN(time)) throw new BadSignature("malformed");
    const age = (options.now ?? Date.now() / 1000) - time;
    if (age < -LEEWAY) throw new BadSignature("from-the-future");
    if (typeof options.maxAge === "number" && age > options.maxAge) throw new BadSignature("expired");
    return { value: signed.slice(0, first), time };
  }
}

/** Largest text a compressed payload may unfold to; a session that big was never ours. */
const INFLATE_LIMIT = 1_000_000;

/** Text to the URL-safe payload, deflated when that is shorter (then it starts with a dot). */
export function packPayload(text: string): string {
  const raw = Buffer.from(text);
  const small = deflateSync(raw);
  return small.length < raw.length - 1 ? `.${b64(small)}` : b64(raw);
}

export function unpackPayload(payload: string): string {
  const packed = payload.startsWith(".");
  const bytes = Buffer.from(packed ? payload.slice(1) : payload, "base64url");
  return (packed ? inflateSync(bytes, { maxOutputLength: INFLATE_LIMIT }) : bytes).toString("utf8");
}
