/**
 * Mapper configuration: declarations become mappers. Runs once all modules are loaded, so getters may name any class.
 * Everything the type system cannot see is refused here, each with one sentence. Source: SQLAlchemy "Mapper Configuration".
 */
import {
  buildTable,
  ColumnDefinition,
  type ColumnFields,
  didYouMean,
  Element,
  FromClause,
  fromClause,
  Table,
  type TableColumn,
  type TableParts,
} from "@athanor/core";
import { MappingError } from "../errors.js";
import { collectionClass } from "./collection-kinds.js";
import { ExpressionAttribute } from "./column-property.js";
import { type Declaration, declarationOf, type ModelSettings, type Thunk } from "./declaration.js";
import { discriminatorOf } from "./discriminator.js";
import { eagerDefaults, type MappedColumn, Mapper, RelationshipProperty } from "./mapper.js";
import { warnOfOverlaps } from "./overlaps.js";
import { parseCascade, RelationshipDefinition } from "./relationship.js";
import { linkReverse, resolveJoin } from "./relationship-join.js";

/** The definition of a column; a discriminator's getter is read once. */
export function columnDefinition(declaration: Declaration, key: string): ColumnDefinition {
  const found = checkedColumn(declaration, key, declaration.columns.get(key));
  declaration.columns.set(key, found);
  return found;
}
/** The same of a discriminator that is no column of the table. */
function discriminatorColumn(declaration: Declaration): ColumnDefinition {
  const key = declaration.discriminatorKey as string;
  const found = checkedColumn(declaration, key, declaration.discriminator);
  declaration.discriminator = found;
  return found;
}
function checkedColumn(
  declaration: Declaration,
  key: string,
  given: ColumnDefinition | Thunk<unknown> | undefined,
): ColumnDefinition {
  if (given instanceof ColumnDefinition) return given;
  const made = typeof given === "function" ? given() : undefined;
  if (!(made instanceof ColumnDefinition)) {
    throw new MappingError(
      `${declaration.name}.${key}: polymorphicOn names it, but its getter gives no column such as string().`,
      "orm.discriminator",
    );
  }
  for (const sub of made.fields.subclasses ?? []) {
    if (declarationOf(sub) === undefined)
      throw new MappingError(`${declaration.name}.${key}: subclasses() takes model classes.`, "orm.discriminator");
  }
  return made;
}
/** Table name: option, else the naming strategy's. */
export function tableNameOf(declaration: Declaration): string {
  const naming = declaration.settings.naming ?? declaration.registry.metadata.naming;
  return declaration.settings.tableName ?? naming.table(declaration.name);
}
export function fullTableName(declaration: Declaration): string {
  const schema = declaration.settings.schema ?? declaration.registry.metadata.schema;
  const name = tableNameOf(declaration);
  return schema === undefined ? name : `${schema}.${name}`;
}

/** Builds the table of a declaration (never of a single-table subclass): called by the MetaData when it is needed. */
export function buildModelTable(declaration: Declaration): Table {
  if (declaration.table !== undefined) return declaration.table;
  const given = declaration.settings.table;
  if (given !== undefined) {
    const table =
      ((given as { readonly [fromClause]?: FromClause })[fromClause] as Table | undefined) ?? (given as Table);
    declaration.table = table instanceof Table ? table : standIn(declaration, table);
    return declaration.table;
  }
  const metadata = declaration.registry.metadata;
  const naming = declaration.settings.naming ?? metadata.naming;
  const columns: { key: string; columnName: string; definition: ColumnDefinition }[] = [];
  const add = (key: string, definition: ColumnDefinition) =>
    columns.push({ key, columnName: definition.fields.columnName ?? naming.column(key), definition });
  if (declaration.strategy === "joined") {
    // The key of the base, referring to it, unless the subclass writes it itself.
    const base = tableOfDeclaration(declaration.parent as Declaration);
    const owns = [...declaration.columns.keys()].some((key) => columnDefinition(declaration, key).fields.primaryKey);
    if (!owns && declaration.settings.primaryKey === undefined) {
      for (const pk of base.primaryKey) {
        if (declaration.columns.has(pk.key)) continue;
        const definition = ColumnDefinition.of(pk.fields.type, pk.columnName)
          .primaryKey()
          .references(`${base.fullName}.${pk.columnName}`);
        add(pk.key, base.primaryKey.length > 1 ? definition.with({ primaryKey: false }) : definition);
      }
    }
  }
  if (declaration.strategy === "concrete") {
    // A column keeps its place where a class below has it anew.
    const owners = new Map<string, Declaration>();
    for (const up of above(declaration)) for (const key of up.columns.keys()) owners.set(key, up);
    for (const [key, up] of owners) add(key, columnDefinition(declaration.columns.has(key) ? declaration : up, key));
  }
  for (const key of declaration.columns.keys())
    if (!columns.some((c) => c.key === key)) add(key, columnDefinition(declaration, key));
  const single = (of: Declaration): void => {
    for (const child of of.children) {
      if (child.strategy !== "single") continue;
      for (const key of child.columns.keys()) {
        const definition = columnDefinition(child, key);
        const there = columns.find((c) => c.key === key);
        if (there !== undefined) {
          const other = differenceOf(there.definition.fields, definition.fields);
          if (other === undefined) continue;
          throw new MappingError(
            `${child.name}.${key}: another class of the table has a column '${key}' of another ${other}. Classes of one table share a column that all of them define alike; else name one differently.`,
            "orm.single-column",
          );
        }
        // Rows of other classes leave it empty.
        add(key, definition.fields.primaryKey ? definition : definition.nullable());
      }
      single(child);
    }
  };
  single(declaration);
  const composite =
    (declaration.strategy === "concrete" ? settingOf(declaration, "primaryKey") : declaration.settings.primaryKey) ??
    (declaration.strategy === "joined" && columns.filter((c) => c.definition.fields.primaryKey).length === 0
      ? tableOfDeclaration(declaration.parent as Declaration).primaryKey.map((c) => c.key)
      : undefined);
  const keys = columns.filter((c) => c.definition.fields.primaryKey);
  if (keys.length > 1 && composite === undefined) {
    throw new MappingError(
      `${declaration.name}: ${keys.map((k) => `'${k.key}'`).join(" and ")} are both .primaryKey(). A composite key is the option { primaryKey: [${keys.map((k) => `"${k.key}"`).join(", ")}] }.`,
      "orm.two-primary-keys",
    );
  }
  const unknown = composite?.find((k) => !columns.some((c) => c.key === k));
  if (unknown !== undefined) {
    throw new MappingError(
      `${declaration.name}: primaryKey names '${unknown}', which is no column.${didYouMean(
        unknown,
        columns.map((c) => c.key),
      )}`,
      "orm.primary-key",
    );
  }
  if (keys.length === 0 && (composite === undefined || composite.length === 0)) {
    throw new MappingError(
      `${declaration.name} has no primary key: mark a column .primaryKey(), or give { primaryKey: ["a", "b"] }.`,
      "orm.no-primary-key",
    );
  }
  const { settings } = declaration;
  const parts: TableParts = {
    name: tableNameOf(declaration),
    schema: settings.schema ?? metadata.schema,
    columns,
    primaryKey: composite,
    constraints: (t) => constraintsOf(declaration).flatMap((make) => make(t.c as never)) as never,
    comment: settings.comment,
    info: settings.info,
    dialectOptions: settings.dialectOptions,
    metadata,
  };
  declaration.table = buildTable(parts);
  return declaration.table;
}
type MakeConstraints = NonNullable<ModelSettings["constraints"]>;
/** Of the class and of those that share its table. */
function constraintsOf(declaration: Declaration): readonly MakeConstraints[] {
  const { settings, constraints, children } = declaration;
  return [
    ...(settings.constraints === undefined ? [] : [settings.constraints]),
    ...constraints,
    ...children.flatMap((child) => (child.strategy === "single" ? constraintsOf(child) : [])),
  ];
}
/** In what two definitions of one column differ, as far as the table is concerned. NULL is allowed by either. */
function differenceOf(one: ColumnFields, other: ColumnFields): string | undefined {
  if (one.type.id !== other.type.id) return "type";
  const same = (a: unknown, b: unknown): boolean =>
    a === b ||
    (typeof a === "object" &&
      typeof b === "object" &&
      a !== null &&
      b !== null &&
      !(a instanceof Element) &&
      Object.keys(a).length === Object.keys(b).length &&
      Object.entries(a).every(([key, value]) => same(value, (b as { readonly [key: string]: unknown })[key])));
  return SHARED.find(([field]) => !same(one[field], other[field]))?.[1];
}
const SHARED: readonly (readonly [keyof ColumnFields, string])[] = [
  ["columnName", "name"],
  ["references", "foreign key"],
  ["default", "default"],
  ["onUpdate", "onUpdate"],
  ["serverDefault", "server default"],
  ["serverOnUpdate", "serverOnUpdate"],
  ["computed", "computed expression"],
  ["unique", "unique constraint"],
  ["index", "index"],
  ["checks", "check"],
];
/** The declarations above one, the topmost first. */
function above(declaration: Declaration): readonly Declaration[] {
  const found: Declaration[] = [];
  for (let up = declaration.parent; up !== undefined; up = up.parent) found.unshift(up);
  return found;
}
/** What a class is read from, where that is no table. */
function selectableOf({ settings }: Declaration): FromClause | undefined {
  const given = settings.table as { readonly [fromClause]?: FromClause } | FromClause | undefined;
  if (given === undefined) return undefined;
  const from = given instanceof FromClause ? given : given[fromClause];
  return from instanceof Table ? undefined : from;
}
/** A table nobody creates, with the columns of a subquery: attributes are mapped to these. */
function standIn(declaration: Declaration, from: FromClause): Table {
  const keys = declaration.settings.primaryKey ?? [];
  if (keys.length === 0)
    throw new MappingError(
      `${declaration.name} is read from a subquery, which has no primary key: say which columns tell its rows apart with { primaryKey: ["…"] }.`,
      "orm.no-primary-key",
    );
  return buildTable({
    name: declaration.name,
    columns: from.columns.map((c) => ({
      key: c.key,
      columnName: c.columnName,
      definition: ColumnDefinition.of(c.type, c.columnName).nullable(),
    })),
    primaryKey: keys,
  });
}
/** The table a declaration's rows are in; through the MetaData, which may build it now. */
export function tableOfDeclaration(declaration: Declaration): Table {
  if (declaration.strategy === "single") return tableOfDeclaration(declaration.parent as Declaration);
  if (declaration.settings.table !== undefined) return buildModelTable(declaration);
  const found = declaration.registry.metadata.findTable(fullTableName(declaration));
  return found ?? buildModelTable(declaration);
}

function makeMapper(declaration: Declaration, mapperOf: (d: Declaration) => Mapper): Mapper {
  const table = tableOfDeclaration(declaration);
  const { parent, strategy } = declaration;
  const base = parent === undefined ? undefined : mapperOf(parent);
  const attributes: MappedColumn[] = [];
  const tables =
    base === undefined || strategy === "concrete"
      ? [table]
      : strategy === "joined"
        ? [...base.tables, table]
        : base.tables;
  if (base !== undefined && strategy !== "concrete") attributes.push(...base.attributes);
  const add = (key: string, column: TableColumn) => {
    const there = attributes.findIndex((a) => a.key === key);
    const before = attributes[there];
    if (before !== undefined) {
      if (before.columns.includes(column)) return;
      // The key shared with the base table.
      attributes[there] = { ...before, columns: [...before.columns, column] };
      return;
    }
    attributes.push({
      index: attributes.length,
      key,
      slot: `$${key}`,
      column,
      columns: [column],
      deferred: column.fields.deferred,
      deferredGroup: column.fields.deferredGroup,
    });
  };
  const column = (key: string) => table.columns.find((c) => c.key === key) as TableColumn;
  // What a joined class has of its base again: its key, for one.
  if (strategy === "joined")
    for (const c of table.columns)
      if (c.primaryKey || declaration.columns.has(c.key)) if (attributes.some((a) => a.key === c.key)) add(c.key, c);
  // In the order of the slots, whatever the order in the table is.
  const from = strategy === "base" || strategy === "concrete" ? 0 : (parent as Declaration).layout.length;
  for (const { key } of declaration.layout.slice(from)) add(key, column(key));
  if (strategy === "joined") for (const c of table.columns) if (c.primaryKey) add(c.key, c);
  const rootTable = base === undefined || strategy === "concrete" ? table : base.root.table;
  const primaryKey = keyColumns(declaration, rootTable).map(
    (c) => attributes.find((a) => a.columns.includes(c)) as MappedColumn,
  );
  const version = settingOf(declaration, "versionIdColumn");
  let versionColumn: MappedColumn | undefined;
  if (version !== undefined) {
    versionColumn = attributes.find((a) => a.key === version);
    if (versionColumn === undefined) {
      throw new MappingError(
        `${declaration.name}: versionIdColumn names '${version}', which is no column.${didYouMean(
          version,
          attributes.map((a) => a.key),
        )}`,
        "orm.version-column",
      );
    }
  }
  const mapper = new Mapper({
    name: declaration.name,
    model: declaration.model ?? declaration.generated,
    table,
    tables,
    attributes,
    primaryKey,
    versionColumn,
    versionGenerator: settingOf(declaration, "versionIdGenerator"),
    abstract: declaration.settings.abstract ?? false,
  });
  if (base !== undefined) mapper.expressions.push(...base.expressions);
  for (const [key, definition] of declaration.expressions)
    mapper.expressions.push(new ExpressionAttribute(mapper.expressions.length, key, definition, mapper.name));
  mapper.confirmDeletedRows = declaration.settings.confirmDeletedRows ?? base?.confirmDeletedRows ?? true;
  mapper.eagerDefaults = declaration.settings.eagerDefaults ?? base?.eagerDefaults ?? false;
  if (mapper.eagerDefaults) eagerDefaults.wanted = true;
  mapper.selectable = selectableOf(declaration);
  for (const [key, name] of base?.synonyms ?? []) mapper.synonyms.set(key, name);
  for (const [key, name] of declaration.synonyms) {
    if (!attributes.some((a) => a.key === name))
      throw new MappingError(
        `${declaration.name}.${key}: synonym() names '${name}', which is no column.${didYouMean(
          name,
          attributes.map((a) => a.key),
        )}`,
        "orm.synonym",
      );
    mapper.synonyms.set(key, name);
  }
  mapper.legacyIsOrphan = declaration.settings.legacyIsOrphan ?? base?.legacyIsOrphan ?? false;
  const { column: discriminator, expression } = discriminatorOf(declaration, base, attributes, mapper.expressions);
  if (discriminator !== undefined || expression !== undefined || parent !== undefined) {
    mapper.inheritance = {
      strategy:
        strategy === "base"
          ? declaration.isConcrete
            ? "concrete"
            : declaration.children.some((c) => c.strategy === "joined")
              ? "joined"
              : "single"
          : strategy,
      base,
      root: base === undefined || strategy === "concrete" ? mapper : base.root,
      identity: declaration.settings.identity,
      discriminator,
      expression,
      inline: isInline(declaration, strategy),
      subMappers: [],
    };
    if (declaration.isConcrete) {
      const { type, columnName } = discriminatorColumn(declaration).fields;
      const key = declaration.discriminatorKey as string;
      const naming = declaration.settings.naming ?? declaration.registry.metadata.naming;
      mapper.virtualDiscriminator = { key, columnName: columnName ?? naming.column(key), type };
    }
    base?.inheritance?.subMappers.push(mapper);
    if (mapper.inheritance.identity !== undefined && base !== undefined) {
      for (const other of mapperOf(declaration.root).selfAndDescendants()) {
        if (other !== mapper && other.inheritance?.identity === mapper.inheritance.identity) {
          throw new MappingError(
            `${declaration.name} and ${other.name} have the same identity '${mapper.inheritance.identity}'.`,
            "orm.duplicate-identity",
          );
        }
      }
    }
  }
  return mapper;
}
/** Columns of a ready table that the class takes part in: all, or those it says. */
export function isMapped({ settings }: Declaration, column: TableColumn): boolean {
  const { includeProperties, excludeProperties } = settings;
  if (column.primaryKey || settings.primaryKey?.includes(column.key)) return true;
  if (includeProperties !== undefined) return includeProperties.includes(column.key);
  return excludeProperties?.includes(column.key) !== true;
}
/** The columns that tell rows apart: the table's key, or what the class says of a view or a table without one. */
function keyColumns(declaration: Declaration, table: Table): readonly TableColumn[] {
  const { table: given, primaryKey } = declaration.root.settings;
  if (given === undefined || primaryKey === undefined) {
    if (table.primaryKey.length === 0)
      throw new MappingError(
        `${declaration.name} has no primary key: '${table.fullName}' has none; say which columns tell its rows apart with { primaryKey: ["…"] }.`,
        "orm.no-primary-key",
      );
    return table.primaryKey;
  }
  return primaryKey.map((key) => table.column(key) as TableColumn);
}
/** @throws MappingError where the option has no meaning */
function isInline({ name, parent, settings, isConcrete }: Declaration, strategy: string): boolean {
  const asked = settings.polymorphicLoad;
  if (asked !== undefined && asked !== "inline" && asked !== "selectin")
    throw new MappingError(
      `${name}: polymorphicLoad is "inline" or "selectin", not ${JSON.stringify(asked)}.`,
      "orm.polymorphic",
    );
  if (settings.withPolymorphic !== undefined && settings.withPolymorphic !== "*")
    throw new MappingError(
      `${name}: withPolymorphic takes "*", all classes below; of one of them say { polymorphicLoad: "inline" } there.`,
      "orm.polymorphic",
    );
  if (asked !== undefined && parent === undefined)
    throw new MappingError(
      `${name}: polymorphicLoad says how queries of a class above read a subclass, and ${name} is none; for all classes below it say { withPolymorphic: "*" }.`,
      "orm.polymorphic",
    );
  const apart = strategy === "concrete" || isConcrete;
  if (apart && (asked === "inline" || settings.withPolymorphic !== undefined))
    throw new MappingError(
      `${name} has a table of its own with all columns, so nothing joins it to another; { polymorphicOn, concrete: true } on the base reads all tables as one union.`,
      "orm.polymorphic",
    );
  if (asked !== undefined) return asked === "inline";
  for (let up = parent; up !== undefined && !apart; up = up.parent)
    if (up.settings.withPolymorphic === "*") return true;
  return false;
}
/** A setting of the class, or of the nearest one above it that has it. */
function settingOf<K extends keyof ModelSettings>(declaration: Declaration, key: K): ModelSettings[K] | undefined {
  for (let d: Declaration | undefined = declaration; d !== undefined; d = d.parent)
    if (d.settings[key] !== undefined) return d.settings[key];
  return undefined;
}

/** A getter or method of the user's class that hides a mapped attribute. */
function checkShadows(declaration: Declaration): void {
  const { model, generated } = declaration;
  if (model === undefined) return;
  for (
    let proto = model.prototype as object | null;
    proto !== null && proto !== generated.prototype;
    proto = Object.getPrototypeOf(proto) as object | null
  ) {
    for (const key of declaration.keys) {
      if (Object.hasOwn(proto, key)) {
        throw new MappingError(
          `${declaration.name}.${key} is a mapped attribute, but the class defines a member of that name, which would hide it. Rename one of them; to restate a type write 'declare ${key}: …'.`,
          "orm.shadowed",
        );
      }
    }
  }
}

/** Configures `fresh` declarations; `all` are those of the registry, configured ones included. */
export function configureDeclarations(fresh: readonly Declaration[], all: readonly Declaration[]): Mapper[] {
  const made = new Map<Declaration, Mapper>();
  const mapperOf = (d: Declaration): Mapper => {
    const there = (d.configured as Mapper | undefined) ?? made.get(d);
    if (there !== undefined) return there;
    const mapper = makeMapper(d, mapperOf);
    made.set(d, mapper);
    return mapper;
  };
  // Getters first: they capture the classes they name.
  for (const d of fresh) {
    for (const key of d.columns.keys()) columnDefinition(d, key);
    if (d.discriminator !== undefined) discriminatorColumn(d);
  }
  for (const d of fresh) mapperOf(d);
  for (const d of fresh) resolveForeignKeys(d, tableOfDeclaration(d));
  const properties: RelationshipProperty[] = [];
  const targets = new Map<RelationshipProperty, Mapper>();
  const adopt = (d: Declaration): void => {
    const mapper = mapperOf(d);
    if (d.parent !== undefined && d.strategy !== "concrete") {
      for (const inherited of mapperOf(d.parent).relationships) mapper.addRelationship(inherited);
    }
    const thunks = new Map(
      d.strategy === "concrete" ? [...above(d), d].flatMap((up) => [...up.relationships]) : d.relationships,
    );
    for (const [key, thunk] of thunks) {
      const definition = evaluate(d, key, thunk);
      const target = targetDeclaration(d, key, definition, all);
      const viewOnly = definition.settings.viewOnly ?? false;
      const property = new RelationshipProperty(
        mapper,
        key,
        definition,
        parseCascade(definition.settings.cascade, viewOnly),
      );
      if (definition.settings.collection !== undefined)
        property.collectionClass = collectionClass(definition.settings.collection, `${d.name}.${key}`);
      property.validators = d.validators.get(key) ?? property.validators;
      property.arrange = d.arrangements.get(key);
      property.target = target.registry === d.registry ? mapperOf(target) : (target.mapper as Mapper);
      targets.set(property, property.target);
      mapper.addRelationship(property);
      properties.push(property);
    }
  };
  // From here on `B.c.id` may be read: getters and joins by hand speak of columns.
  for (const d of fresh) d.configured = mapperOf(d);
  for (const d of fresh) adopt(d);
  for (const p of properties) resolveJoin(p);
  for (const p of properties) linkReverse(p);
  for (const p of properties) warnOfOverlaps(p);
  for (const p of properties) {
    if (p.cascade.deleteOrphan) for (const m of p.target.selfAndDescendants()) m.orphanRelationships.push(p);
  }
  for (const p of properties) {
    if (p.direction === "manyToOne" && p.backPopulates === undefined && !p.viewOnly)
      for (const m of p.target.selfAndDescendants()) m.incoming.push(p);
  }
  for (const d of fresh) checkShadows(d);
  // A class seen meanwhile (by a getter) wins over the generated one.
  for (const d of fresh) if (d.model !== undefined && d.configured !== undefined) d.configured.model = d.model;
  return fresh.map(mapperOf);
}

function evaluate(declaration: Declaration, key: string, thunk: () => unknown): RelationshipDefinition {
  let value: unknown;
  try {
    value = thunk();
  } catch (error) {
    if (error instanceof ReferenceError) {
      throw new MappingError(
        `${declaration.name}.${key}: ${error.message}. Its class is used before its module has run; touch the models only when all of them are imported.`,
        "orm.too-early",
        { cause: error },
      );
    }
    throw error;
  }
  if (value instanceof RelationshipDefinition) return value;
  if (value instanceof ColumnDefinition) {
    throw new MappingError(
      `${declaration.name}.${key}: a column is written as a plain property, '${key}: …'; only relationships and the discriminator named by polymorphicOn are getters.`,
      "orm.column-getter",
    );
  }
  throw new MappingError(
    `${declaration.name}.${key}: its getter gives no relationship such as oneToMany(Other).`,
    "orm.no-definition",
  );
}
function targetDeclaration(
  declaration: Declaration,
  key: string,
  definition: RelationshipDefinition,
  all: readonly Declaration[],
): Declaration {
  const { target } = definition;
  if (typeof target === "string") {
    const found = all.find((d) => d.name === target);
    if (found !== undefined) return found;
    throw new MappingError(
      `${declaration.name}.${key}: there is no model '${target}'.${didYouMean(
        target,
        all.map((d) => d.name),
      )}`,
      "orm.unknown-model",
    );
  }
  const found = declarationOf(target);
  if (found !== undefined) return found;
  throw new MappingError(`${declaration.name}.${key}: ${definition.kind}() takes a model class.`, "orm.target");
}
/** Foreign keys by name, now that every table is declared. */
function resolveForeignKeys(declaration: Declaration, table: Table): void {
  for (const constraint of table.constraints) {
    if (constraint.kind !== "foreignKey") continue;
    try {
      void constraint.referredColumns;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const columns = constraint.columns.map((c) => `${declaration.name}.${c.key}`).join(", ");
      throw new MappingError(`${columns}: ${error.message}`, "orm.foreign-key", { cause: error });
    }
  }
}
