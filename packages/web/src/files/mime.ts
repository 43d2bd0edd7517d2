/** Content types by file extension, for what web apps serve. */
const TYPES: Readonly<Record<string, string>> = {
  aac: "audio/aac", apng: "image/apng", avif: "image/avif", avi: "video/x-msvideo", bin: "application/octet-stream", bmp: "image/bmp",
  bz2: "application/x-bzip2", cjs: "text/javascript", css: "text/css", csv: "text/csv", doc: "application/msword",
  docx: "application/vnd.openxmlformats-officedocument.wordprocessingml.document", epub: "application/epub+zip", gif: "image/gif",
  gz: "application/gzip", htm: "text/html", html: "text/html", ico: "image/x-icon", ics: "text/calendar", jpeg: "image/jpeg", jpg: "image/jpeg",
  js: "text/javascript", json: "application/json", jsonld: "application/ld+json", jxl: "image/jxl", m4a: "audio/mp4", map: "application/json",
  md: "text/markdown", mjs: "text/javascript", mov: "video/quicktime", mp3: "audio/mpeg", mp4: "video/mp4", mpeg: "video/mpeg", ods: "application/vnd.oasis.opendocument.spreadsheet",
  odt: "application/vnd.oasis.opendocument.text", oga: "audio/ogg", ogg: "audio/ogg", ogv: "video/ogg", otf: "font/otf", pdf: "application/pdf", png: "image/png",
  ppt: "application/vnd.ms-powerpoint", pptx: "application/vnd.openxmlformats-officedocument.presentationml.presentation", rtf: "application/rtf",
  svg: "image/svg+xml", tar: "application/x-tar", tif: "image/tiff", tiff: "image/tiff", ts: "video/mp2t", ttf: "font/ttf", txt: "text/plain",
  wasm: "application/wasm", wav: "audio/wav", weba: "audio/webm", webm: "video/webm", webmanifest: "application/manifest+json", webp: "image/webp",
  woff: "font/woff", woff2: "font/woff2", xhtml: "application/xhtml+xml", xls: "application/vnd.ms-excel",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xml: "application/xml", zip: "application/zip",
};

/** The content type of a file name, with charset for text; octet-stream when unknown. */
export function contentTypeOf(filename: string): string {
  const type = TYPES[filename.slice(filename.lastIndexOf(".") + 1).toLowerCase()] ?? "application/octet-stream";
  return type.startsWith("text/") || type === "application/json" || type === "application/xml" ? `${type}; charset=utf-8` : type;
}
