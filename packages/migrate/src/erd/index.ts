/** Pictures of the models. */
export { erdMermaid } from "./mermaid.js";
