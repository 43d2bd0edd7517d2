/** The functions every template has: `range`, `dict`, `namespace`, `cycler`, `joiner`, `lipsum`. */
import { acceptsKwargs } from "./calls.js";
import { TemplateRuntimeError } from "./errors.js";
import { Markup } from "./markup.js";
import { store } from "./methods.js";
import { Namespace } from "./runtime.js";
import { entriesOf, isMapping } from "./values.js";

/** More than this is a mistake, or an attack through a query parameter. */
const MAX_RANGE = 100_000;

const whole = (value: unknown): number => {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw new TemplateRuntimeError(`range() takes whole numbers, not ${String(value)}.`);
};

function range(...args: unknown[]): number[] {
  if (args.length === 0 || args.length > 3) throw new TemplateRuntimeError("range() takes one to three numbers.");
  const [start, stop] = args.length === 1 ? [0, whole(args[0])] : [whole(args[0]), whole(args[1])];
  const step = args.length === 3 ? whole(args[2]) : 1;
  if (step === 0) throw new TemplateRuntimeError("The step of range() cannot be zero.");
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > MAX_RANGE)
    throw new TemplateRuntimeError(`range() of ${count} numbers is too long; the limit is ${MAX_RANGE}.`);
  return Array.from({ length: count }, (_, i) => start + i * step);
}

/** Pairs from mappings, lists of pairs and named arguments. */
function pairsOf(args: readonly unknown[]): [string, unknown][] {
  const pairs: [string, unknown][] = [];
  for (const arg of args) {
    if (isMapping(arg)) pairs.push(...entriesOf(arg).map(([k, v]): [string, unknown] => [String(k), v]));
    else if (Array.isArray(arg)) for (const pair of arg as unknown[][]) pairs.push([String(pair[0]), pair[1]]);
  }
  return pairs;
}

const named = <T extends (...args: never[]) => unknown>(fn: T): T =>
  Object.defineProperty(fn, acceptsKwargs, { value: true });

/** Gives its values in turn: `next()`, `current`, `reset()`. */
class Cycler {
  private readonly items: readonly unknown[];
  private at = 0;
  constructor(items: readonly unknown[]) {
    if (items.length === 0) throw new TemplateRuntimeError("cycler() needs at least one value.");
    this.items = items;
  }
  get current(): unknown {
    return this.items[this.at];
  }
  next(): unknown {
    const { current } = this;
    this.at = (this.at + 1) % this.items.length;
    return current;
  }
  reset(): void {
    this.at = 0;
  }
}

function joiner(separator: unknown = ", "): () => unknown {
  let used = false;
  return () => {
    if (used) return separator;
    used = true;
    return "";
  };
}

const WORDS =
  "a ac accumsan ad adipiscing aenean aliquam aliquet amet ante aptent arcu at auctor augue bibendum blandit class commodo condimentum congue consectetuer consequat conubia convallis cras cubilia cum curabitur curae cursus dapibus diam dictum dictumst dignissim dis dolor donec dui duis egestas eget eleifend elementum elit enim erat eros est et etiam eu euismod facilisi facilisis fames faucibus felis fermentum feugiat fringilla fusce gravida habitant habitasse hac hendrerit iaculis id imperdiet in inceptos integer interdum ipsum justo lacinia lacus laoreet lectus leo libero ligula litora lobortis lorem luctus maecenas magna magnis malesuada massa mattis mauris metus mi molestie mollis montes morbi mus nam nascetur natoque nec neque netus nibh nisi nisl non nonummy nostra nulla nullam nunc odio orci ornare parturient pede pellentesque penatibus per pharetra phasellus placerat platea porta porttitor posuere potenti praesent pretium primis proin pulvinar purus quam quis quisque rhoncus ridiculus risus rutrum sagittis sapien scelerisque sed sem semper senectus sit sociis sociosqu sodales sollicitudin suscipit suspendisse taciti tellus tempor tempus tincidunt torquent tortor tristique turpis ullamcorper ultrices ultricies urna ut varius vehicula vel velit venenatis vestibulum vitae vivamus viverra volutpat vulputate".split(
    " ",
  );

const pick = (low: number, high: number): number => low + Math.floor(Math.random() * Math.max(1, high - low));

function paragraph(low: number, high: number): string {
  const words = Array.from({ length: pick(low, high) }, () => WORDS[pick(0, WORDS.length)] as string);
  let fresh = true;
  let untilComma = pick(3, 8);
  let untilStop = pick(10, 20);
  const out = words.map((word, i) => {
    let text = fresh ? word.slice(0, 1).toUpperCase() + word.slice(1) : word;
    fresh = false;
    untilComma--;
    untilStop--;
    if (i === words.length - 1 || untilStop <= 0) {
      text += ".";
      fresh = true;
      untilStop = pick(10, 20);
      untilComma = pick(3, 8);
    } else if (untilComma <= 0) {
      text += ",";
      untilComma = pick(3, 8);
    }
    return text;
  });
  return out.join(" ");
}

/** Placeholder text: `n` paragraphs of `min` to `max` words. */
function lipsum(n: unknown = 5, html: unknown = true, min: unknown = 20, max: unknown = 100): unknown {
  const paragraphs = Array.from({ length: Number(n) }, () => paragraph(Number(min), Number(max)));
  return html ? new Markup(paragraphs.map((text) => `<p>${text}</p>`).join("\n")) : paragraphs.join("\n\n");
}
Object.defineProperty(lipsum, acceptsKwargs, { value: ["n", "html", "min", "max"] });
Object.defineProperty(joiner, acceptsKwargs, { value: ["sep"] });

export const builtinGlobals: Readonly<Record<string, unknown>> = {
  range,
  lipsum,
  joiner,
  cycler: (...items: unknown[]) => new Cycler(items),
  dict: named((...args: unknown[]) => {
    const out: Record<string, unknown> = {};
    for (const [key, value] of pairsOf(args)) store(out, key, value);
    return out;
  }),
  namespace: named((...args: unknown[]) => new Namespace(pairsOf(args))),
};
