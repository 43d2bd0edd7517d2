/** Errors that are answers: each carries an HTTP status and a text for the visitor. No framework is involved. */

import { AthanorError } from "@athanor/core";

/** Extra facts for an HTTP error. */
export interface HTTPErrorOptions extends ErrorOptions {
  /** Text for the visitor; escaped on the HTML page. */
  readonly description?: string;
  /** Headers to add to the answer. */
  readonly headers?: Record<string, string>;
  /** A complete answer that replaces the default page. */
  readonly response?: Response;
}

const TEXTS: Readonly<Record<number, readonly [name: string, description: string]>> = {
  400: ["Bad Request", "The server could not understand this request."],
  401: ["Unauthorized", "You have to log in, or the credentials were not accepted."],
  402: ["Payment Required", "This resource asks for a payment."],
  403: ["Forbidden", "You are not allowed to see this resource."],
  404: ["Not Found", "There is nothing at this address. If you typed it by hand, please check the spelling."],
  405: ["Method Not Allowed", "This address does not answer to the method that was used."],
  406: ["Not Acceptable", "The resource has no form that your client accepts."],
  408: ["Request Timeout", "The request took too long to arrive."],
  409: ["Conflict", "The request clashes with the present state of the resource."],
  410: ["Gone", "This resource existed once and has been removed for good."],
  411: ["Length Required", "The request must say how long its body is."],
  412: ["Precondition Failed", "A condition given in the request headers does not hold."],
  413: ["Content Too Large", "The data sent is larger than this server accepts."],
  414: ["URI Too Long", "The address is longer than this server accepts."],
  415: ["Unsupported Media Type", "This resource does not accept the content type that was sent."],
  416: ["Range Not Satisfiable", "The requested part lies outside the file."],
  417: ["Expectation Failed", "The server cannot meet the Expect header."],
  418: ["I'm a teapot", "This pot brews tea, not coffee."],
  421: ["Misdirected Request", "This server does not answer for that host."],
  422: ["Unprocessable Content", "The request was well formed but its content cannot be followed."],
  423: ["Locked", "The resource is locked."],
  424: ["Failed Dependency", "A request that this one depends on has failed."],
  425: ["Too Early", "The server will not risk a request that might be replayed."],
  426: ["Upgrade Required", "This resource needs another protocol."],
  428: ["Precondition Required", "This request must be made conditional."],
  429: ["Too Many Requests", "You have sent too many requests; please slow down."],
  431: ["Request Header Fields Too Large", "One or more headers are too large."],
  451: ["Unavailable For Legal Reasons", "The resource is withheld for legal reasons."],
  500: ["Internal Server Error", "Something went wrong on the server. The error has been recorded."],
  501: ["Not Implemented", "The server does not know how to do this."],
  502: ["Bad Gateway", "A server behind this one gave no usable answer."],
  503: ["Service Unavailable", "The server cannot answer at the moment; please try again later."],
  504: ["Gateway Timeout", "A server behind this one took too long."],
  505: ["HTTP Version Not Supported", "The protocol version is not supported."],
};

/** The reason phrase of a status, or "Unknown Error". */
export function statusName(status: number): string {
  return TEXTS[status]?.[0] ?? "Unknown Error";
}

/**
 * An error with an HTTP status. Any framework can map it by its `status` (Flask: HTTPException).
 *
 * @example throw new HTTPError(409, { description: "That name is taken." })
 */
export class HTTPError extends AthanorError {
  /** Status of the class; subclasses set it, the base has none. */
  static readonly status: number | undefined = undefined;
  readonly status: number;
  /** Text for the visitor. */
  description: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly response: Response | undefined;

  constructor(status: number, options: HTTPErrorOptions = {}) {
    const description = options.description ?? TEXTS[status]?.[1] ?? "The request could not be answered.";
    super(
      `http-${status}`,
      `${status} ${statusName(status)}: ${description}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.status = status;
    this.description = description;
    this.headers = options.headers ?? {};
    this.response = options.response;
  }

  /** Reason phrase, such as "Not Found". */
  get statusText(): string {
    return statusName(this.status);
  }
}

/** 400 */
export class BadRequest extends HTTPError {
  static override readonly status: number = 400;
  constructor(options?: HTTPErrorOptions) {
    super(400, options);
  }
}
/** 400 for a key that the request did not send; the key is shown in debug only. */
export class BadRequestKeyError extends BadRequest {
  readonly key: string;
  constructor(key: string, options?: HTTPErrorOptions) {
    super(options);
    this.key = key;
    this.message = `400 Bad Request: the request has no field '${key}'`;
  }
}
/** 400 for a Host header outside TRUSTED_HOSTS and similar. */
export class SecurityError extends BadRequest {}
/** 401 */
export class Unauthorized extends HTTPError {
  static override readonly status: number = 401;
  constructor(options?: HTTPErrorOptions) {
    super(401, options);
  }
}
/** 403 */
export class Forbidden extends HTTPError {
  static override readonly status: number = 403;
  constructor(options?: HTTPErrorOptions) {
    super(403, options);
  }
}
/** 404 */
export class NotFound extends HTTPError {
  static override readonly status: number = 404;
  constructor(options?: HTTPErrorOptions) {
    super(404, options);
  }
}
/** 405, with the methods that would have been right in `Allow`. */
export class MethodNotAllowed extends HTTPError {
  static override readonly status: number = 405;
  readonly allowed: readonly string[];
  constructor(allowed: readonly string[] = [], options: HTTPErrorOptions = {}) {
    super(405, {
      ...options,
      headers: { ...(allowed.length > 0 ? { Allow: allowed.join(", ") } : {}), ...options.headers },
    });
    this.allowed = allowed;
  }
}
/** 406 */
export class NotAcceptable extends HTTPError {
  static override readonly status: number = 406;
  constructor(options?: HTTPErrorOptions) {
    super(406, options);
  }
}
/** 409 */
export class Conflict extends HTTPError {
  static override readonly status: number = 409;
  constructor(options?: HTTPErrorOptions) {
    super(409, options);
  }
}
/** 410 */
export class Gone extends HTTPError {
  static override readonly status: number = 410;
  constructor(options?: HTTPErrorOptions) {
    super(410, options);
  }
}
/** 412 */
export class PreconditionFailed extends HTTPError {
  static override readonly status: number = 412;
  constructor(options?: HTTPErrorOptions) {
    super(412, options);
  }
}
/** 413 */
export class ContentTooLarge extends HTTPError {
  static override readonly status: number = 413;
  constructor(options?: HTTPErrorOptions) {
    super(413, options);
  }
}
/** 415 */
export class UnsupportedMediaType extends HTTPError {
  static override readonly status: number = 415;
  constructor(options?: HTTPErrorOptions) {
    super(415, options);
  }
}
/** 416, with the real length in `Content-Range`. */
export class RangeNotSatisfiable extends HTTPError {
  static override readonly status: number = 416;
  constructor(length?: number, options: HTTPErrorOptions = {}) {
    super(416, {
      ...options,
      headers: { ...(length === undefined ? {} : { "Content-Range": `bytes */${length}` }), ...options.headers },
    });
  }
}
/** 418 */
export class ImATeapot extends HTTPError {
  static override readonly status: number = 418;
  constructor(options?: HTTPErrorOptions) {
    super(418, options);
  }
}
/** 422 */
export class UnprocessableContent extends HTTPError {
  static override readonly status: number = 422;
  constructor(options?: HTTPErrorOptions) {
    super(422, options);
  }
}
/** 429 */
export class TooManyRequests extends HTTPError {
  static override readonly status: number = 429;
  constructor(options?: HTTPErrorOptions) {
    super(429, options);
  }
}
/** 500; `original` is the error that was not handled. */
export class InternalServerError extends HTTPError {
  static override readonly status: number = 500;
  readonly original: unknown;
  constructor(original?: unknown, options: HTTPErrorOptions = {}) {
    super(500, original === undefined ? options : { cause: original, ...options });
    this.original = original;
  }
}
/** 501 */
export class NotImplemented extends HTTPError {
  static override readonly status: number = 501;
  constructor(options?: HTTPErrorOptions) {
    super(501, options);
  }
}
/** 502 */
export class BadGateway extends HTTPError {
  static override readonly status: number = 502;
  constructor(options?: HTTPErrorOptions) {
    super(502, options);
  }
}
/** 503 */
export class ServiceUnavailable extends HTTPError {
  static override readonly status: number = 503;
  constructor(options?: HTTPErrorOptions) {
    super(503, options);
  }
}
/** 504 */
export class GatewayTimeout extends HTTPError {
  static override readonly status: number = 504;
  constructor(options?: HTTPErrorOptions) {
    super(504, options);
  }
}

const CLASSES: Readonly<Record<number, (options?: HTTPErrorOptions) => HTTPError>> = {
  400: (o) => new BadRequest(o),
  401: (o) => new Unauthorized(o),
  403: (o) => new Forbidden(o),
  404: (o) => new NotFound(o),
  405: (o) => new MethodNotAllowed([], o),
  406: (o) => new NotAcceptable(o),
  409: (o) => new Conflict(o),
  410: (o) => new Gone(o),
  412: (o) => new PreconditionFailed(o),
  413: (o) => new ContentTooLarge(o),
  415: (o) => new UnsupportedMediaType(o),
  416: (o) => new RangeNotSatisfiable(undefined, o),
  418: (o) => new ImATeapot(o),
  422: (o) => new UnprocessableContent(o),
  429: (o) => new TooManyRequests(o),
  500: (o) => new InternalServerError(undefined, o),
  501: (o) => new NotImplemented(o),
  502: (o) => new BadGateway(o),
  503: (o) => new ServiceUnavailable(o),
  504: (o) => new GatewayTimeout(o),
};

/** Makes the error class that belongs to a status; statuses without a class give a plain `HTTPError`. */
export function httpErrorFor(status: number, options?: HTTPErrorOptions): HTTPError {
  return CLASSES[status]?.(options) ?? new HTTPError(status, options);
}

/**
 * Stops the handler with an HTTP error, or with a ready answer.
 *
 * @throws HTTPError always
 * @example abort(404, { description: "No such pony." })
 */
export function abort(status: number | Response, options?: HTTPErrorOptions): never {
  if (typeof status === "number") throw httpErrorFor(status, options);
  throw new HTTPError(status.status, { ...options, response: status });
}
