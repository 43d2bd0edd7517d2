/** All behaviours, in the order a new dialect will want to meet them. */
import type { BehaviourGroup } from "../behaviour.js";
import { changes } from "./changes.js";
import { connections } from "./connections.js";
import { errors } from "./errors.js";
import { inserted } from "./inserted.js";
import { names } from "./names.js";
import { queries } from "./queries.js";
import { results } from "./results.js";
import { schema } from "./schema.js";
import { types } from "./types.js";
import { upserts } from "./upserts.js";

export const behaviourGroups: readonly BehaviourGroup[] = [
  connections,
  results,
  types,
  schema,
  queries,
  changes,
  upserts,
  inserted,
  errors,
  names,
];
