/** One-time messages kept in the session until a page shows them (Flask: flash, get_flashed_messages). */
import { type Context, currentContext } from "../app/context.js";
import { slotKey } from "../scope/scope.js";

const KEY = "_flashes";
type Flashed = readonly [category: string, message: unknown];
const PULLED = slotKey<readonly Flashed[]>("flashed messages");

function isFlashed(value: unknown): value is Flashed {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === "string";
}

/**
 * Keeps a message for the next page that asks for messages.
 *
 * @throws WebError "no-secret-key" without SECRET_KEY
 * @example flash("Saved", "info");
 */
export function flash(message: unknown, category = "message", c: Context = currentContext()): void {
  const stored = c.session.get(KEY);
  c.session.set(KEY, [...(Array.isArray(stored) ? (stored as unknown[]) : []), [category, message]]);
  c.app.signals.emit("messageFlashed", { message, category });
}

export interface FlashFilter {
  /** Only these categories. */
  readonly categoryFilter?: readonly string[];
}

/**
 * The messages, taken out of the session once; asking again in the same request gives the same list.
 */
export function getFlashedMessages(options?: FlashFilter & { readonly withCategories?: false }, c?: Context): unknown[];
export function getFlashedMessages(
  options: FlashFilter & { readonly withCategories: true },
  c?: Context,
): [string, unknown][];
export function getFlashedMessages(
  options: FlashFilter & { readonly withCategories?: boolean } = {},
  c: Context = currentContext(),
): unknown[] {
  let all = c.scope.peek(PULLED);
  if (all === undefined) {
    const stored = c.session.pop(KEY);
    all = Array.isArray(stored) ? (stored as unknown[]).filter(isFlashed) : [];
    c.scope.setSlot(PULLED, all);
  }
  const wanted = options.categoryFilter ?? [];
  const shown = wanted.length === 0 ? all : all.filter(([category]) => wanted.includes(category));
  return options.withCategories === true
    ? shown.map(([category, message]) => [category, message])
    : shown.map(([, message]) => message);
}
