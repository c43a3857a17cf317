/** Applies edits as the canvas does: {catalogue, cases: [{document, edits}]} on standard input, the documents as JSON on standard output. */
import { readFileSync } from "node:fs";
import type { Catalogue } from "../src/canvas/catalogue.ts";
import { applyEdit } from "../src/canvas/document.ts";
import type { Edit, NetworkDocument } from "../src/canvas/types.ts";

interface Input {
  readonly catalogue: Catalogue;
  readonly cases: readonly { readonly document: NetworkDocument; readonly edits: readonly Edit[] }[];
}

const { catalogue, cases } = JSON.parse(readFileSync(0, "utf8")) as Input;
const results = cases.map(({ document, edits }) => edits.reduce((rest, edit) => applyEdit(rest, edit, catalogue), document));
process.stdout.write(JSON.stringify(results));
