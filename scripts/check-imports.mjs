// House rules that a compiler does not hold: packages import downwards and through public entries, files do not import
// in circles (type-only imports counted), databases are named only in core/src/dialects, files stay short, errors have
// a class. Prints every offence; exit code 1 when there is one. Run: npm run check:imports [-- <root>]
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire, isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";

const ts = createRequire(import.meta.url)("typescript-5.9");
const root = resolve(process.argv[2] ?? join(import.meta.dirname, ".."));

/** Only a lower floor may be imported; equal floors stand side by side. */
const floors = { core: 1, orm: 2, migrate: 2, web: 3, forms: 4, athanor: 5 };
const databaseNames = new Set(["sqlite", "postgresql", "postgres", "mysql", "mariadb", "pglite"]);
const equalities = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);
const maxLines = 600;
const reasonForLength = /long because|over 600 lines/i;

const offences = [];
const offend = (file, line, text) => offences.push(`${relative(root, file)}${line ? `:${line}` : ""}: ${text}`);

const packages = new Map(); // npm name -> { folder, name, manifest, floor }
for (const folder of Object.keys(floors)) {
  const path = join(root, "packages", folder);
  if (!existsSync(join(path, "package.json"))) continue;
  const manifest = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  packages.set(manifest.name, { folder, path, manifest, floor: floors[folder] });
}

let count = 0;
for (const unit of packages.values()) {
  const graph = new Map();
  for (const file of sources(unit.path, ["src", "test", "bin"])) {
    const inSource = file.startsWith(join(unit.path, "src") + sep);
    const tree = parse(file);
    graph.set(file, checkImports(file, tree, unit, inSource));
    if (inSource) checkStyle(file, tree);
  }
  reportCircles(graph);
}
for (const folder of ["examples", "bench", "test-support"]) {
  const graph = new Map();
  for (const file of sources(root, [folder])) {
    const tree = parse(file);
    graph.set(file, checkImports(file, tree, undefined, false));
    checkLength(file, tree.text);
  }
  reportCircles(graph);
}

for (const offence of offences.sort()) console.log(offence);
console.log(`${count} files, ${offences.length} offence${offences.length === 1 ? "" : "s"}`);
process.exit(offences.length === 0 ? 0 : 1);

function* sources(base, folders) {
  for (const folder of folders) {
    const path = join(base, folder);
    if (!existsSync(path)) continue;
    for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
      const file = join(entry.parentPath ?? entry.path, entry.name);
      if (/[\\/](node_modules|dist|fixtures|scale)[\\/]/.test(file)) continue;
      if (entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name)) yield file;
    }
  }
}

function parse(file) {
  count++;
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

/** Every import of a file: static, re-exported, dynamic and `import("…").Type`. */
function importsOf(tree) {
  const found = [];
  const add = (literal, kind) => {
    if (literal && ts.isStringLiteralLike(literal)) {
      const line = tree.getLineAndCharacterOfPosition(literal.getStart()).line + 1;
      found.push({ specifier: literal.text, kind, line });
    }
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, onlyTypes(node.importClause) ? "type" : "static");
    else if (ts.isExportDeclaration(node)) {
      const inner = node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : [];
      const types = node.isTypeOnly || (inner.length > 0 && inner.every((element) => element.isTypeOnly));
      add(node.moduleSpecifier, types ? "type" : "static");
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, "type");
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], "dynamic");
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function onlyTypes(clause) {
  if (!clause) return false;
  if (clause.isTypeOnly) return true;
  if (clause.name || !clause.namedBindings || !ts.isNamedImports(clause.namedBindings)) return false;
  const { elements } = clause.namedBindings;
  return elements.length > 0 && elements.every((element) => element.isTypeOnly);
}

/** Checks each import and returns the edges to files of the same unit. */
function checkImports(file, tree, unit, inSource) {
  const edges = new Map();
  for (const { specifier, kind, line } of importsOf(tree)) {
    if (specifier.startsWith(".")) {
      const target = resolveRelative(file, specifier);
      if (!target) offend(file, line, `"${specifier}" leads to no file`);
      else if (leavesUnit(file, target, unit))
        offend(file, line, `"${specifier}" reaches into another package: import its public entry`);
      else if (inSource && !target.startsWith(join(unit.path, "src") + sep))
        offend(file, line, `"${specifier}" leaves src/`);
      else if (edges.get(target) !== "static") edges.set(target, kind);
    } else if (!isBuiltin(specifier)) checkBare(file, line, specifier, kind, unit, inSource);
  }
  return edges;
}

function checkBare(file, line, specifier, kind, unit, inSource) {
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const target = packages.get(name);
  if (target) {
    const entry = `.${specifier.slice(name.length)}`;
    if (!target.manifest.exports?.[entry]) offend(file, line, `"${specifier}" is no public entry of ${name}`);
    if (unit && target !== unit && target.floor >= unit.floor) {
      const where = target.floor === unit.floor ? "the same floor" : `floor ${target.floor}`;
      offend(file, line, `${unit.manifest.name} (floor ${unit.floor}) imports ${name} (${where}): only downwards`);
    }
  }
  if (!unit || !inSource || target === unit) return;
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = unit.manifest;
  if (dependencies[name]) return;
  if (!peerDependencies[name])
    offend(file, line, `"${name}" is not declared in ${relative(root, unit.path)}/package.json`);
  else if (peerDependenciesMeta[name]?.optional && kind === "static") {
    offend(file, line, `"${name}" is an optional peer: import it dynamically or as a type`);
  }
}

function leavesUnit(file, target, unit) {
  if (unit) return !target.startsWith(unit.path + sep);
  return target.startsWith(join(root, "packages") + sep) && !file.startsWith(join(root, "packages") + sep);
}

function resolveRelative(file, specifier) {
  const base = resolve(dirname(file), specifier);
  const candidates = [
    base.replace(/\.js$/, ".ts"),
    base.replace(/\.js$/, ".tsx"),
    base.replace(/\.js$/, ".d.ts"),
    base.replace(/\.mjs$/, ".mts"),
    base,
  ];
  // bin/ runs what the build makes of src/.
  candidates.push(base.replace(`${sep}dist${sep}`, `${sep}src${sep}`).replace(/\.js$/, ".ts"));
  return candidates.find((path) => existsSync(path) && /\.[a-z]+$/.test(path));
}

function checkStyle(file, tree) {
  checkLength(file, tree.text);
  const inDialects = file.startsWith(join(root, "packages", "core", "src", "dialects") + sep);
  const visit = (node) => {
    const line = () => tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    if (
      ts.isThrowStatement(node) &&
      node.expression &&
      ts.isNewExpression(node.expression) &&
      node.expression.expression.getText() === "Error"
    ) {
      offend(
        file,
        line(),
        "bare `throw new Error(`: throw one of the package's error classes, with a code and the way out",
      );
    }
    if (!inDialects && namesDatabase(node)) {
      offend(
        file,
        line(),
        `names a database outside core/src/dialects (${short(node)}): ask a capability or a compiler method`,
      );
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
}

function namesDatabase(node) {
  if (ts.isCaseClause(node)) return ts.isStringLiteralLike(node.expression) && databaseNames.has(node.expression.text);
  if (!ts.isBinaryExpression(node) || !equalities.has(node.operatorToken.kind)) return false;
  const sides = [node.left, node.right];
  if (sides.some((side) => ts.isStringLiteralLike(side) && databaseNames.has(side.text))) return true;
  return (
    sides.some((side) => /\bdialect(\?)?\.name$|\bdialectName$/.test(side.getText())) &&
    sides.some(ts.isStringLiteralLike)
  );
}

function short(node) {
  return node.getText().split("\n")[0].slice(0, 60);
}

function checkLength(file, text) {
  const lines = text.split("\n");
  const length = lines.at(-1) === "" ? lines.length - 1 : lines.length;
  if (length > maxLines && !lines.slice(0, 5).some((line) => reasonForLength.test(line))) {
    offend(
      file,
      0,
      `${length} lines, more than ${maxLines}: split it, or say "Long because …" in a comment in the first 5 lines`,
    );
  }
}

/** Reports one shortest circle per strongly connected component. */
function reportCircles(graph) {
  for (const component of components(graph)) {
    const members = new Set(component);
    const circle = component.map((file) => shortestCircle(graph, members, file)).sort((a, b) => a.length - b.length)[0];
    const path = circle.map((file, index) => {
      const kind = index > 0 && graph.get(circle[index - 1]).get(file);
      return `${kind && kind !== "static" ? `(${kind}) ` : ""}${relative(root, file)}`;
    });
    const more = component.length > circle.length - 1 ? ` [${component.length} files are entangled]` : "";
    offend(circle[0], 0, `import circle${more}:\n    ${path.join("\n    -> ")}`);
  }
}

/** Tarjan's strongly connected components that hold a circle. */
function components(graph) {
  const state = new Map();
  const stack = [];
  const found = [];
  const visit = (file) => {
    const own = { index: state.size, low: state.size, open: true };
    state.set(file, own);
    stack.push(file);
    for (const next of graph.get(file)?.keys() ?? []) {
      const seen = state.get(next);
      if (!seen) own.low = Math.min(own.low, visit(next).low);
      else if (seen.open) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) {
      const members = stack.splice(stack.indexOf(file));
      for (const member of members) state.get(member).open = false;
      if (members.length > 1 || graph.get(file)?.has(file)) found.push(members);
    }
    return own;
  };
  for (const file of graph.keys()) if (!state.has(file)) visit(file);
  return found;
}

function shortestCircle(graph, members, start) {
  const paths = [[start]];
  const seen = new Set();
  for (const path of paths) {
    for (const next of graph.get(path.at(-1))?.keys() ?? []) {
      if (next === start) return [...path, start];
      if (!members.has(next) || seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return [start, start];
}
