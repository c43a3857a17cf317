/** The data that a network can be for: the catalogue's, and a person's own where the project is for them. */
import type { Dataset } from "./catalogue.ts";
import type { OwnData } from "./types.ts";

export type Means = string | OwnData;

/** What there is to choose. */
export function choices(registered: readonly Dataset[], own: OwnData | undefined): readonly Dataset[] {
  if (!own) return registered;
  return [...registered, { source: own.source, title: own.title, shape: own.shape, classes: own.classes.length }];
}

/** What an edit says for a choice: its name, and all that is known of a person's own data. */
export const means = (source: string, own: OwnData | undefined): Means => (own && source === own.source ? own : source);
