// The page: its parts, and the order in which they begin.

import { run } from "./core/queue";
import { Store } from "./core/store";
import { onLanguage, translate } from "./i18n";
import { Problem } from "./server/api";
import { announce, banner } from "./ui/announce";
import { drop } from "./ui/drop";
import { factor } from "./ui/factor";
import { header } from "./ui/header";
import { list } from "./ui/list";
import { plan } from "./ui/plan";
import { settings, useModels } from "./ui/settings";
import { token } from "./ui/token";
import { viewer } from "./ui/viewer";

const store = new Store();

async function begin(): Promise<void> {
  useModels(store, await store.api.models());
  banner(null);
}

translate();
header();
drop(store);
const parts = [factor(store), settings(store, () => void run(store, announce)), plan(store), list(store), viewer(store), token(store, begin)];
for (const part of parts) store.onChange(part);
onLanguage(() => store.changed());
banner({ key: "loading" });
begin().catch((error: unknown) => {
  store.locked = error instanceof Problem && error.status === 401;
  if (store.locked) banner(null);
  else banner(error instanceof Problem ? { text: error.message } : { key: "offline" });
  store.changed();
});
store.changed();
