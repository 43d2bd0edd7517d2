/** Another name for an attribute: on objects, in the constructor, in criteria. Source: SQLAlchemy "Synonyms". */
export class SynonymDefinition {
  readonly target: string;
  constructor(target: string) {
    this.target = target;
  }
}
