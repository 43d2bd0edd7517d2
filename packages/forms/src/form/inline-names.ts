/** `validateFirstName`, `validate_first_name` and `validatefirst_name`-like spellings, matched to field names. */

/** The field that a method name speaks of: found, not found (with the wanted name), or null for another kind of method. */
export function toFieldName(
  method: string,
  kind: "validate" | "filter",
  fields: readonly string[],
): { readonly field: string; readonly wanted: string } | { readonly field: null; readonly wanted: string } | null {
  if (!method.startsWith(kind)) return null;
  const rest = method.slice(kind.length);
  if (!/^[_A-Z]/.test(rest)) return null;
  const bare = rest.replace(/^_/, "");
  if (bare === "") return null;
  const key = fold(bare);
  const field = fields.find((name) => name === bare) ?? fields.find((name) => fold(name) === key);
  return field === undefined
    ? { field: null, wanted: bare[0]!.toLowerCase() + bare.slice(1) }
    : { field, wanted: bare };
}

function fold(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}
