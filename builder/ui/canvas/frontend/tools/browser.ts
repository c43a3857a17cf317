/** Browser tabs without a screen: the code that holds what Python said and the edits on top of it, driven by JSON lines.
 *  The first line is {catalogue}; each other one names a tab and what happens there, and is answered by what that tab then holds. */
import { createInterface } from "node:readline";
import { type Catalogue, withBlocks } from "../src/canvas/catalogue.ts";
import { Holder, type Told } from "../src/canvas/delta.ts";
import { doubtful, open, outbox, receive, send, type Sync } from "../src/canvas/sync.ts";
import type { CanvasData, Edit } from "../src/canvas/types.ts";

interface Command {
  readonly tab: string;
  /** A new tab, or one that was loaded anew: nothing but the edits on their way is left. */
  readonly load?: boolean;
  readonly told?: Told;
  readonly edit?: Edit;
}

interface Tab {
  readonly holder: Holder;
  readonly data: CanvasData | null;
  readonly sync: Sync | null;
  /** What came could not be read. */
  readonly asking: boolean;
}

const tabs = new Map<string, Tab>();
let plain: Catalogue | null = null;

function catalogueOf(data: CanvasData): Catalogue {
  if (!plain) throw new Error("the catalogue comes first");
  return withBlocks(plain, data.blocks ?? {}, data.scope ?? null);
}

function told(tab: Tab, name: string, message: Told): Tab {
  const data = tab.holder.take(message);
  if (!data) return { ...tab, asking: true };
  const known = tab.sync?.loadId === data.load_id ? tab.sync : null;
  return { ...tab, data, asking: false, sync: known ? receive(known, data, catalogueOf(data)) : open(data, name) };
}

function after(tab: Tab, { tab: name, load, told: message, edit }: Command): Tab {
  let now = load ? { ...tab, holder: new Holder(), data: null, sync: tab.sync && (JSON.parse(JSON.stringify(tab.sync)) as Sync) } : tab;
  if (message) now = told(now, name, message);
  if (edit && now.sync && now.data) now = { ...now, sync: send(now.sync, edit, catalogueOf(now.data)) };
  return now;
}

function act(line: string): unknown {
  const command = JSON.parse(line) as Command & { readonly catalogue?: Catalogue };
  if (command.catalogue) {
    plain = command.catalogue;
    tabs.clear();
    return null;
  }
  const tab = after(tabs.get(command.tab) ?? { holder: new Holder(), data: null, sync: null, asking: false }, command);
  tabs.set(command.tab, tab);
  const has = tab.asking ? null : (tab.data?.stamp ?? null);
  return { ...tab, holder: null, outbox: tab.sync ? outbox(tab.sync, 1, has) : null, doubtful: tab.sync ? [...doubtful(tab.sync)] : [] };
}

for await (const line of createInterface({ input: process.stdin })) process.stdout.write(`${JSON.stringify(act(line))}\n`);
