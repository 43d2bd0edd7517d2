/** What a foreign key may be told besides its columns. */
import { requireKnownOptions } from "../errors/known-options.js";

export type ReferenceAction = "CASCADE" | "SET NULL" | "SET DEFAULT" | "RESTRICT" | "NO ACTION";
export interface ReferenceOptions {
  readonly onDelete?: ReferenceAction;
  readonly onUpdate?: ReferenceAction;
  readonly deferrable?: boolean;
  readonly initially?: "DEFERRED" | "IMMEDIATE";
  /** Name of the constraint. */
  readonly name?: string;
  readonly match?: "FULL" | "PARTIAL" | "SIMPLE";
  /** Created by ALTER TABLE after both tables exist. */
  readonly useAlter?: boolean;
}
/** @throws ArgumentError for an option that foreign keys do not have */
export function checkReferenceOptions(options: ReferenceOptions, where: string): void {
  requireKnownOptions(options, REFERENCE, where, "reference.option");
}
const REFERENCE = [
  "onDelete",
  "onUpdate",
  "deferrable",
  "initially",
  "name",
  "match",
  "useAlter",
] as const satisfies readonly (keyof ReferenceOptions)[];
