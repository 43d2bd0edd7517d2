/** A row: an array that also answers by name. One class per result shape; see `reader.ts`. */
export abstract class RowBase extends Array<unknown> {
  /** Array methods on rows give plain arrays, not rows. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}
