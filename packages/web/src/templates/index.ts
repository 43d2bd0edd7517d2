/** The template engine: Jinja's language on JavaScript values, asynchronous throughout. */

export { acceptsKwargs, passContext, templateAttribute, templateCall } from "./calls.js";
export { Context, type Filter, type FilterState, type Test } from "./context.js";
export {
  type Autoescape,
  Environment,
  type EnvironmentOptions,
  selectAutoescape,
  Template,
  type TemplateContext,
} from "./environment.js";
export {
  TemplateError,
  type TemplateLocation,
  TemplateNotFound,
  TemplateRuntimeError,
  TemplateSyntaxError,
  templateFrames,
  UndefinedError,
} from "./errors.js";
export { toJson } from "./filters/html.js";
export { type LintFinding, type LintKind, lintTemplate, lintTemplates } from "./lint.js";
export { ChoiceLoader, DictLoader, FolderLoader, type Loader, PrefixLoader, type TemplateSource } from "./loaders.js";
export { escape, type HtmlLike, html, isHtml, Markup } from "./markup.js";
export { Undefined, type UndefinedMode } from "./undefined.js";
