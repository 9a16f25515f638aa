// The token that some servers want, asked for when one does.

import { remember } from "../core/remember";
import type { Store } from "../core/store";
import { Problem } from "../server/api";
import { t } from "../i18n";
import { find } from "./find";

/** `begin` asks the server for its models and throws a Problem if the token is wrong. */
export function token(store: Store, begin: () => Promise<void>): () => void {
  const form = find<HTMLFormElement>("#token");
  const field = find<HTMLInputElement>("#token-field");
  const wrong = find("#token-wrong");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    store.api.token = field.value.trim();
    wrong.textContent = "";
    try {
      await begin();
      remember("token", store.api.token, "tab");
      store.locked = false;
      field.value = "";
      store.changed();
      find("#files").focus();
    } catch (error) {
      if (!(error instanceof Problem && error.status === 401)) throw error;
      wrong.textContent = t("token_wrong");
      field.focus();
    }
  });
  return () => {
    const appears = store.locked && form.hidden;
    form.hidden = !store.locked;
    if (appears) field.focus();
  };
}
